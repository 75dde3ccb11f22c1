# Reference nomograms from R's rms. See stats_export_table.py for how to run.
suppressPackageStartupMessages({library(rms); library(jsonlite)})
arguments <- commandArgs(trailingOnly = TRUE)
table <- read.csv(arguments[1])
table$large <- as.numeric(table$mean_radius > 13)
table$dense <- as.numeric(table$mean_compactness > 0.1)
table$texture_class <- cut(table$mean_texture, c(-Inf, 15, 19, 24, Inf), right = FALSE,
                           labels = c("fine", "medium", "coarse", "very coarse"))
table$texture_class <- factor(as.character(table$texture_class), sort(levels(table$texture_class)))
table$symmetry_grade <- cut(table$mean_symmetry, c(-Inf, 0.16, 0.19, Inf), right = FALSE,
                            labels = c("1", "2", "3"))

nomogram_of <- function(terms) {
  # rms reads the limits from here; the full range of the training data, as a pack stores it
  training_limits <<- datadist(table[terms])
  options(datadist = "training_limits")
  fit <- lrm(reformulate(terms, "malignant"), table, tol = 1e-14, eps = 1e-12, maxit = 100)
  n <- nomogram(fit, fun = plogis, fun.at = c(0.01, 0.05, seq(0.1, 0.9, 0.1), 0.95, 0.99),
                nint = 10, maxscale = 100)
  axis_of <- function(t) {
    drawn <- list(name = t, values = I(unname(n[[t]][[t]])), points = I(unname(n[[t]]$points)))
    if (is.factor(table[[t]])) {
      own <- paste0(t, "=", levels(table[[t]])[-1])
      return(c(drawn, list(levels = I(levels(table[[t]])), effects = I(c(0, unname(coef(fit)[own]))))))
    }
    c(drawn, list(coefficient = unname(coef(fit)[t]), lower = min(table[[t]]), upper = max(table[[t]]),
                  binary = length(unique(table[[t]])) == 2))
  }
  axes <- lapply(terms, axis_of)
  rows <- c(1, 101, 301)
  at <- predict(fit, table[rows, ], se.fit = TRUE)
  list(intercept = unname(coef(fit)[1]), axes = axes, covariance = unname(vcov(fit)),
       patients = list(row = I(rows - 1), logit = I(unname(at$linear.predictors)),
                       error = I(unname(at$se.fit))),
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
    nomogram_of(c("smoothness_error", "symmetry_error", "fractal_dimension_error", "texture_error")),
    nomogram_of(c("texture_class")),
    nomogram_of(c("mean_smoothness", "texture_class", "large", "symmetry_grade")))),
  auto_unbox = TRUE, digits = NA), arguments[2])
