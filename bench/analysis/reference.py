"""Writes what SciPy and NumPy say of some samples to test/fixtures/analysis/scipy.json, which tests compare with.

Needs scipy 1.17 in an environment of its own:
    python3 -m venv /tmp/scipy && /tmp/scipy/bin/pip install scipy==1.17.1 && /tmp/scipy/bin/python bench/analysis/reference.py
"""
import json
import math
import pathlib

import numpy as np
import scipy
from scipy import optimize, stats

rng = np.random.default_rng(20260)


def histogram(bins):
    values, counts = np.unique(bins, return_counts=True)
    return {"bins": values.tolist(), "counts": counts.tolist()}


def mann_whitney(candidate, baseline):
    test = stats.mannwhitneyu(candidate, baseline, alternative="greater", method="asymptotic")
    return {
        "candidate": histogram(candidate),
        "baseline": histogram(baseline),
        "u": float(test.statistic),
        "p": float(test.pvalue),
    }


def two_proportions(candidate, candidate_events, baseline, baseline_events):
    pooled = (candidate_events + baseline_events) / (candidate + baseline)
    error = math.sqrt(pooled * (1 - pooled) * (1 / candidate + 1 / baseline))
    z = (candidate_events / candidate - baseline_events / baseline) / error
    # The same test by another way: chi-squared without Yates' correction is z squared.
    table = [[candidate_events, candidate - candidate_events], [baseline_events, baseline - baseline_events]]
    chi2 = stats.chi2_contingency(table, correction=False).statistic
    assert abs(chi2 - z * z) < 1e-9 * max(1, chi2)
    low_c, high_c = stats.binomtest(candidate_events, candidate).proportion_ci(0.95, method="wilson")
    low_b, high_b = stats.binomtest(baseline_events, baseline).proportion_ci(0.95, method="wilson")
    p_c, p_b = candidate_events / candidate, baseline_events / baseline
    difference = p_c - p_b
    return {
        "candidate": candidate,
        "candidateEvents": candidate_events,
        "baseline": baseline,
        "baselineEvents": baseline_events,
        "z": z,
        "p": float(stats.norm.sf(z)),
        # Newcombe's method 10.
        "newcombe": [
            difference - math.hypot(p_c - low_c, high_b - p_b),
            difference + math.hypot(high_c - p_c, p_b - low_b),
        ],
    }


def projection(b, c, baseline, candidate, difference):
    """The point of the line c = b + difference nearest to (b, c), and the e-variable of a table."""

    def slope(x):
        y = x + difference
        return baseline * ((1 - b) / (1 - x) - b / x) + candidate * ((1 - c) / (1 - y) - c / y)

    low, high = max(0.0, -difference), min(1.0, 1 - difference)
    x = optimize.brentq(slope, low + 1e-12, high - 1e-12, xtol=1e-300, rtol=1e-15)
    events_b, events_c = baseline // 10, candidate // 3

    def likelihood(p, q):
        return stats.binom.logpmf(events_b, baseline, p) + stats.binom.logpmf(events_c, candidate, q)

    return {
        "alternative": {"baseline": b, "candidate": c},
        "baseline": baseline,
        "candidate": candidate,
        "difference": difference,
        "projection": x,
        "baselineEvents": events_b,
        "candidateEvents": events_c,
        "log": float(likelihood(b, c) - likelihood(x, x + difference)),
    }


rank_tests = [
    mann_whitney(rng.integers(0, 1400, 40), rng.integers(0, 1400, 200)),
    mann_whitney(rng.integers(500, 510, 300), rng.integers(500, 509, 700)),
    mann_whitney(np.array([7]), np.array([3])),
    mann_whitney(rng.poisson(12, 1000) + 600, rng.poisson(10, 2000) + 600),
    mann_whitney(rng.poisson(8, 500) + 600, rng.poisson(10, 500) + 600),
    mann_whitney(np.repeat([5, 6], [990, 10]), np.repeat([5, 6], [995, 5])),
]
reference = {
    "scipy": scipy.__version__,
    "mannWhitney": rank_tests,
    "upperTail": [
        {"z": z, "p": float(stats.norm.sf(z))}
        for z in [-8.0, -2.5, -0.5, 0.0, 1e-6, 0.3, 1.0, 1.959963984540054, 2.99, 3.01, 5.0, 8.0, 20.0, 37.0]
    ],
    "twoProportions": [
        two_proportions(500, 10, 9500, 95),
        two_proportions(100, 0, 1900, 19),
        two_proportions(50, 3, 50, 0),
        two_proportions(20000, 1000, 20000, 1100),
        two_proportions(30, 29, 70, 35),
    ],
    "projections": [
        projection(b, c, baseline, candidate, difference)
        for b, c, difference in [(0.01, 0.05, 0.01), (0.3, 0.9, 0.2), (0.2, 0.1, 0.05), (0.001, 0.5, 0.3), (0.6, 0.1, -0.3)]
        for baseline, candidate in [(95, 5), (20, 80)]
    ],
    "quantiles": [],
}
for size in [100, 5000]:
    bins = np.sort(rng.normal(600, 40, size).astype(int))
    for q in [0.5, 0.9, 0.95, 0.99]:
        # The bin of the order statistic: the first behind which at most 1 - q lies.
        reference["quantiles"].append(
            {**histogram(bins), "q": q, "bin": int(np.quantile(bins, q, method="inverted_cdf"))}
        )

path = pathlib.Path(__file__).parents[2] / "test/fixtures/analysis/scipy.json"
path.write_text(json.dumps(reference) + "\n")
