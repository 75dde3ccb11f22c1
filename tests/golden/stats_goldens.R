# Reference values for her2desk.stats from R: glm, pROC, pretty. See stats_export_table.py for how to run.
suppressPackageStartupMessages({library(pROC); library(jsonlite)})
arguments <- commandArgs(trailingOnly = TRUE)
table <- read.csv(arguments[1])

# glm: coefficients and covariance of overlapping features
features <- c("mean_texture", "mean_smoothness", "symmetry_error")
fit <- glm(reformulate(features, "malignant"), binomial, table,
           control = glm.control(epsilon = 1e-14, maxit = 100))

# pROC: AUC, variance, plain DeLong interval; tied scores by rounding
scores <- list(mean_texture = table$mean_texture,
               mean_smoothness = table$mean_smoothness,
               mean_texture_tied = round(table$mean_texture / 4),
               mean_radius = table$mean_radius,
               minus_symmetry_error = -table$symmetry_error)
rocs <- lapply(scores, function(s) roc(table$malignant, s, direction = "<", levels = c(0, 1)))
auc_of <- function(r) {
  interval <- as.numeric(ci.auc(r, method = "delong"))
  list(auc = as.numeric(auc(r)), variance = var(r, method = "delong"),
       lower = interval[1], upper = interval[3])
}
test_of <- function(a, b) {
  t <- roc.test(rocs[[a]], rocs[[b]], method = "delong", paired = TRUE)
  list(a = a, b = b, z = unname(t$statistic), p = t$p.value)
}

# calibration of a shrunk, shifted prediction
lp <- 1.7 * predict(fit) + 0.4
intercept <- glm(table$malignant ~ 1, binomial, offset = lp)
slope <- glm(table$malignant ~ lp, binomial)

# pretty: several hundred random ranges over many magnitudes, and the awkward ones
set.seed(20240607)
random_range <- function() {
  centre <- rnorm(1) * 10^runif(1, -6, 6)
  width <- runif(1) * 10^runif(1, -8, 6)
  sort(c(centre, centre + width))
}
ranges <- c(replicate(400, random_range(), simplify = FALSE),
            replicate(60, c(0, 10^runif(1, -5, 5)), simplify = FALSE),
            replicate(60, c(-10^runif(1, -5, 5), 0), simplify = FALSE),
            replicate(60, sort(round(runif(2, 0, 100))) + c(0, 1), simplify = FALSE),
            list(c(0, 0), c(3, 3), c(20, 20), c(-5, -5), c(0, 1), c(0, 100), c(-1, 1)))
ranges <- lapply(ranges, signif, 12)  # JSON keeps 15 digits: the reader gets the same ranges
pretty_cases <- lapply(seq_along(ranges), function(i) {
  n <- c(10, 10, 5, 1, 20)[i %% 5 + 1]
  list(lower = ranges[[i]][1], upper = ranges[[i]][2], n = n, ticks = I(pretty(ranges[[i]], n = n)))
})

write(toJSON(list(
  versions = list(R = R.version.string, pROC = as.character(packageVersion("pROC"))),
  glm = list(features = features, coefficients = unname(coef(fit)),
             covariance = unname(vcov(fit))),
  auc = lapply(rocs, auc_of),
  delong = list(test_of("mean_texture", "mean_smoothness"),
                test_of("mean_radius", "mean_texture"),
                test_of("mean_texture", "mean_texture_tied")),
  calibration = list(scale = 1.7, shift = 0.4, intercept = unname(coef(intercept)),
                     intercept_se = sqrt(vcov(intercept)[1, 1]), slope = unname(coef(slope)[2]),
                     slope_se = sqrt(vcov(slope)[2, 2])),
  pretty = pretty_cases), auto_unbox = TRUE, digits = NA), arguments[2])
