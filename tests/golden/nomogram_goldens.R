# Reference nomograms from R's rms. See stats_export_table.py for how to run.
suppressPackageStartupMessages({library(rms); library(jsonlite)})
arguments <- commandArgs(trailingOnly = TRUE)
table <- read.csv(arguments[1])
table$large <- as.numeric(table$mean_radius > 13)
table$dense <- as.numeric(table$mean_compactness > 0.1)

nomogram_of <- function(terms) {
  # rms reads the limits from here; the full range of the training data, as a pack stores it
  training_limits <<- datadist(table[terms])
  options(datadist = "training_limits")
  fit <- lrm(reformulate(terms, "malignant"), table, tol = 1e-14, eps = 1e-12, maxit = 100)
  n <- nomogram(fit, fun = plogis, fun.at = c(0.01, 0.05, seq(0.1, 0.9, 0.1), 0.95, 0.99),
                nint = 10, maxscale = 100)
  axes <- lapply(terms, function(t) list(
    name = t, coefficient = unname(coef(fit)[t]), lower = min(table[[t]]), upper = max(table[[t]]),
    binary = length(unique(table[[t]])) == 2,
    values = I(unname(n[[t]][[t]])), points = I(unname(n[[t]]$points))))
  list(intercept = unname(coef(fit)[1]), axes = axes,
       lp = list(value = I(n$lp$x.real), total = I(n$lp$x)),
       probability = list(value = I(n[["Predicted Value"]]$x.real),
                          total = I(n[["Predicted Value"]]$x)))
}

write(toJSON(list(
  versions = list(R = R.version.string, rms = as.character(packageVersion("rms"))),
  models = list(
    nomogram_of(c("mean_texture")),
    nomogram_of(c("mean_texture", "symmetry_error")),
    nomogram_of(c("large", "dense", "mean_texture")),
    nomogram_of(c("large", "mean_smoothness", "texture_error", "mean_fractal_dimension")),
    nomogram_of(c("smoothness_error", "symmetry_error", "fractal_dimension_error", "texture_error")))),
  auto_unbox = TRUE, digits = NA), arguments[2])
