# Reference values for her2desk.stats from R: evaluation of scores, calibration, penalised fits,
# agreement, pooling. See stats_export_table.py for how to run; base R where no package is named.
suppressPackageStartupMessages({library(pROC); library(rms); library(jsonlite)})
arguments <- commandArgs(trailingOnly = TRUE)
table <- read.csv(arguments[1])
y <- table$malignant

# three predictions of different quality, two of them tied by rounding
exact <- glm.control(epsilon = 1e-12, maxit = 100)
fit_a <- glm(malignant ~ mean_texture + mean_smoothness + symmetry_error, binomial, table,
             control = exact)
fit_b <- glm(malignant ~ mean_concavity, binomial, table, control = exact)
predictions <- list(texture = unname(fitted(fit_a)), concavity = unname(fitted(fit_b)),
                    texture_tied = round(unname(fitted(fit_a)), 1))

# ResourceSelection::hoslem.test's statistic, with its grouping
hoslem <- function(p, g) {
  cuts <- unique(quantile(p, probs = seq(0, 1, 1 / g)))
  group <- cut(p, breaks = cuts, include.lowest = TRUE)
  observed <- xtabs(cbind(y0 = 1 - y, y1 = y) ~ group)
  expected <- xtabs(cbind(y0 = 1 - p, y1 = p) ~ group)
  chi2 <- sum((observed - expected)^2 / expected)
  k <- nrow(observed)
  list(groups = g, g = k, chi2 = chi2, p_fitted = pchisq(chi2, k - 2, lower.tail = FALSE),
       p_held_out = pchisq(chi2, k, lower.tail = FALSE),
       observed = unname(observed[, "y1"]), expected = unname(expected[, "y1"]),
       sizes = unname(rowSums(observed)))
}
net_benefit <- function(p, t) {
  called <- p >= t
  sum(called & y == 1) / length(y) - sum(called & y == 0) / length(y) * t / (1 - t)
}
thresholds <- (1:99) / 100
evaluation_of <- function(p) {
  r <- roc(y, p, direction = "<", levels = c(0, 1))
  interval <- as.numeric(ci.auc(r, method = "delong"))
  points <- coords(r, "all", ret = c("threshold", "sensitivity", "specificity"))
  list(auc = as.numeric(auc(r)), lower = interval[1], upper = interval[3],
       hoslem = list(hoslem(p, 10), hoslem(p, 7)), brier = mean((p - y)^2),
       net_benefit = sapply(thresholds, function(t) net_benefit(p, t)),
       sensitivity = points$sensitivity, specificity = points$specificity)
}
pair <- function(a, b) {
  t <- roc.test(roc(y, predictions[[a]], direction = "<", levels = c(0, 1)),
                roc(y, predictions[[b]], direction = "<", levels = c(0, 1)),
                method = "delong", paired = TRUE)
  list(a = a, b = b, z = unname(t$statistic), p = t$p.value)
}

# risks that lie exactly on cut points: R's arithmetic decides the side
edge_p <- (1:101) / 200
edge_y <- as.numeric((1:101) %% 3 == 0)
edge <- unname(as.integer(cut(edge_p, unique(quantile(edge_p, seq(0, 1, 1 / 10))),
                              include.lowest = TRUE)))

# smooth calibration: rms's restricted cubic spline of the predicted logit, 4 knots
logit <- qlogis(predictions$concavity)
knots <- quantile(logit, c(0.05, 0.35, 0.65, 0.95))
smooth <- lrm(y ~ rcs(logit, knots), eps = 1e-12, tol = 1e-14, maxit = 100)
at <- seq(min(predictions$concavity), max(predictions$concavity), length.out = 101)
curve <- predict(smooth, data.frame(logit = qlogis(at)), se.fit = TRUE)

# ridge: rms::lrm with a penalty on coefficients times their standard deviation over n
three <- c("mean_texture", "mean_smoothness", "symmetry_error")
sd_n <- apply(as.matrix(table[three]), 2, function(v) sqrt(mean((v - mean(v))^2)))
ridge <- lrm(reformulate(three, "malignant"), table, penalty = 7.5, penalty.matrix = diag(sd_n^2),
             var.penalty = "simple", eps = 1e-12, tol = 1e-14, maxit = 100)

# Firth on 2 x 2 counts, one cell empty: penalised likelihood by optim, profile bounds by uniroot
x2 <- rep(c(1, 0, 1, 0), c(6, 4, 0, 20)); y2 <- rep(c(1, 0), c(10, 20))
penalised <- function(b) {
  p <- plogis(b[1] + b[2] * x2); w <- p * (1 - p); d <- cbind(1, x2)
  sum(dbinom(y2, 1, p, log = TRUE)) + 0.5 * log(det(t(d) %*% (d * w)))
}
climb <- function(f, start) optim(start, function(b) -f(b), method = "BFGS",
                                  control = list(reltol = 1e-16, maxit = 1000))
best <- climb(penalised, c(0, 0))
profile <- function(b1) -optimize(function(b0) -penalised(c(b0, b1)), c(-15, 10), tol = 1e-12)$objective
fall <- function(b1) 2 * (-best$value - profile(b1)) - qchisq(0.95, 1)
firth <- list(coefficients = best$par,
              lower = uniroot(fall, c(-5, best$par[2]), tol = 1e-11)$root,
              upper = uniroot(fall, c(best$par[2], 20), tol = 1e-11)$root,
              p = pchisq(2 * (-best$value - profile(0)), 1, lower.tail = FALSE))

# agreement: Shrout & Fleiss (1979), table 2; mean squares by aov, bounds of McGraw & Wong (1996)
ratings <- rbind(c(9, 2, 5, 8), c(6, 1, 3, 2), c(8, 4, 6, 8), c(7, 1, 2, 6), c(10, 5, 6, 9),
                 c(6, 2, 4, 7))
n <- nrow(ratings); k <- ncol(ratings)
ms <- summary(aov(c(ratings) ~ factor(rep(1:n, k)) + factor(rep(1:k, each = n))))[[1]][["Mean Sq"]]
msr <- ms[1]; msc <- ms[2]; mse <- ms[3]
a1 <- (msr - mse) / (msr + (k - 1) * mse + k / n * (msc - mse))
a <- k * a1 / (n * (1 - a1)); b <- 1 + k * a1 * (n - 1) / (n * (1 - a1))
v <- (a * msc + b * mse)^2 / ((a * msc)^2 / (k - 1) + (b * mse)^2 / ((n - 1) * (k - 1)))
fl <- qf(0.975, n - 1, v); fu <- qf(0.975, v, n - 1)
f1 <- msr / mse / qf(0.975, n - 1, (n - 1) * (k - 1))
f2 <- msr / mse * qf(0.975, (n - 1) * (k - 1), n - 1)
icc <- list(
  a1 = c(a1, n * (msr - fl * mse) / (fl * (k * msc + (k * n - k - n) * mse) + n * msr),
         n * (fu * msr - mse) / (k * msc + (k * n - k - n) * mse + n * fu * msr)),
  c1 = c((msr - mse) / (msr + (k - 1) * mse), (f1 - 1) / (f1 + k - 1), (f2 - 1) / (f2 + k - 1)))

# pooling: five sites of the table by rows; logit AUC, DerSimonian-Laird, Hartung-Knapp
site <- rep(1:5, length.out = nrow(table)) + 0
site[table$mean_texture < 16] <- 1
effects <- t(sapply(1:5, function(s) {
  r <- roc(y[site == s], table$mean_texture[site == s], direction = "<", levels = c(0, 1))
  value <- as.numeric(auc(r))
  c(qlogis(value), var(r, method = "delong") / (value * (1 - value))^2)
}))
e <- effects[, 1]; w <- 1 / effects[, 2]
q <- sum(w * (e - weighted.mean(e, w))^2)
tau2 <- max(0, (q - 4) / (sum(w) - sum(w^2) / sum(w)))
w <- 1 / (effects[, 2] + tau2)
m <- weighted.mean(e, w)
se <- sqrt(max(1, sum(w * (e - m)^2) / 4) / sum(w))
pooled <- list(site = site, tau2 = tau2, value = plogis(m),
               interval = plogis(m + c(-1, 1) * qt(0.975, 4) * se),
               prediction = plogis(m + c(-1, 1) * qt(0.975, 3) * sqrt(tau2 + se^2)))

# Cox-Snell R2 from the AUC: Riley et al. (2021), integrated instead of simulated
cox_snell <- function(auc, share) {
  d <- sqrt(2) * qnorm(auc)
  eta <- function(x) d * x - d^2 / 2 + qlogis(share)
  l <- integrate(function(x) share * dnorm(x, d) * plogis(eta(x), log.p = TRUE) +
                   (1 - share) * dnorm(x) * plogis(-eta(x), log.p = TRUE),
                 -Inf, Inf, rel.tol = 1e-11, subdivisions = 1000L)$value
  1 - exp(-2 * (l - share * log(share) - (1 - share) * log(1 - share)))
}
r2 <- lapply(c(0.6, 0.75, 0.8, 0.85, 0.95), function(a)
  list(auc = a, prevalence = 43 / 140, cox_snell = cox_snell(a, 43 / 140)))

write(toJSON(list(
  versions = list(R = R.version.string, pROC = as.character(packageVersion("pROC")),
                  rms = as.character(packageVersion("rms"))),
  scores = lapply(predictions, evaluation_of),
  delong = list(pair("texture", "concavity"), pair("texture", "texture_tied"),
                pair("concavity", "texture_tied")),
  treat_all = sapply(thresholds, function(t) net_benefit(rep(1, length(y)), t)),
  edge = edge,
  smooth = list(knots = unname(knots), predicted = at, logit = unname(curve$linear.predictors),
                se = unname(curve$se.fit)),
  ridge = list(features = three, penalty = 7.5, coefficients = unname(coef(ridge)),
               covariance = unname(vcov(ridge)),
               degrees_of_freedom = sum(ridge$effective.df.diagonal[-1])),
  firth = firth, icc = icc, pooled = pooled, r2 = r2), auto_unbox = TRUE, digits = NA),
  arguments[2])
