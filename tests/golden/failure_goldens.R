# Reference values for her2desk.training.failures and her2desk.stats.multiple_tests from base R.
# Rscript failure_goldens.R failure_goldens.json
suppressPackageStartupMessages(library(jsonlite))
arguments <- commandArgs(trailingOnly = TRUE)

# errors and right calls among those who look like a pattern, then among the others of the call
tables <- list(c(8, 4, 6, 22), c(3, 9, 11, 17), c(7, 5, 7, 21), c(10, 0, 4, 26), c(0, 12, 14, 14))
fisher <- sapply(tables, function(t) fisher.test(matrix(t, 2, byrow = TRUE),
                                                 alternative = "greater")$p.value)
families <- list(fisher, c(0.04, 0.01, 0.03, 0.005), c(0.02, 0.02, 0.9), c(0.3, 0.4, 0.8), 0.2)
write(toJSON(list(
  versions = list(R = R.version.string),
  tables = do.call(rbind, tables), fisher = fisher,
  holm = lapply(families, function(p) list(p = I(p), adjusted = I(p.adjust(p, "holm"))))
), digits = NA, auto_unbox = TRUE, pretty = TRUE), arguments[1])
