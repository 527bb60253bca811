"""Wrong variants of width requirements: budgets, stages, amplification, counting of problems and neurons."""

from __future__ import annotations

from tests.wrong_theory.mutation import Mutant

ATTACK = ("plans",)
FAILURES = ("failure budgets",)
COUNTS = ("base sets of plans", "rows of plans")

GAINS = (
    Mutant(
        wrong="gain without T",
        module="bounds.widths.planning",
        old="gain=above.gain * layer.lipschitz * stage.amplification",
        new="gain=above.gain * stage.amplification",
        checks=ATTACK,
    ),
    Mutant(
        wrong="gain without amplification",
        module="bounds.widths.planning",
        old="gain=above.gain * layer.lipschitz * stage.amplification",
        new="gain=above.gain * layer.lipschitz",
        checks=ATTACK,
    ),
    Mutant(
        wrong="own T missing in the share of the error",
        module="bounds.widths.budgets",
        old="gain, reliance = self.gain * layer.lipschitz, self.reliance(layer)",
        new="gain, reliance = self.gain, self.reliance(layer)",
        checks=ATTACK,
    ),
    Mutant(
        wrong="every stage gets the whole of eps",
        module="bounds.widths.budgets",
        old="return self.shares[number - 1] * self.tolerance",
        new="return self.tolerance",
        checks=ATTACK,
    ),
    Mutant(
        wrong="shares by cost add up to two",
        module="bounds.widths.budgets",
        old="(least + (1 - _LEAST_SHARE) * cost / total)",
        new="(least + 2 * cost / total)",
        checks=(*ATTACK, *FAILURES),
    ),
    Mutant(
        wrong="copies are one neuron",
        module="bounds.widths.stages",
        old="amplification=row_amplification(layer, found, sigma, demand.probability)",
        new="amplification=layer.row_sum",
        checks=ATTACK,
    ),
    Mutant(
        wrong="the largest weight for the row sum",
        module="bounds.widths.stages",
        old="amplification=layer.row_sum,",
        new="amplification=layer.max_weight,",
        checks=ATTACK,
    ),
    Mutant(
        wrong="amplification of one input for a row",
        module="bounds.widths.subsets",
        old="weights = layer.row_nonzeros * found.size",
        new="weights = found.size",
        checks=ATTACK,
    ),
    Mutant(
        wrong="amplification without sigma",
        module="bounds.widths.subsets",
        old="return sigma * min(float(weights)",
        new="return min(float(weights)",
        checks=ATTACK,
    ),
    Mutant(
        wrong="capped subsets: the weight itself forgotten",
        module="bounds.widths.subsets",
        old="return (layer.row_sum + layer.row_nonzeros * found.cap * sigma) * _UP",
        new="return (layer.row_nonzeros * found.cap * sigma) * _UP",
        checks=ATTACK,
    ),
    Mutant(
        wrong="capped subsets: one problem per row",
        module="bounds.widths.subsets",
        old="return (layer.row_sum + layer.row_nonzeros * found.cap * sigma) * _UP",
        new="return (layer.row_sum + found.cap * sigma) * _UP",
        checks=ATTACK,
    ),
)

TOLERANCES = (
    Mutant(
        wrong="one-for-one: largest input for the sum of the inputs",
        module="bounds.widths.stages",
        old="eta = _capped(demand.own_error / (layer.support_l1 + (1.0 if biased else 0.0) or 1.0), layer, demand)",
        new="eta = _capped(demand.own_error / (layer.input_sup + (1.0 if biased else 0.0) or 1.0), layer, demand)",
        checks=ATTACK,
    ),
    Mutant(
        wrong="one-for-one: biases are exact",
        module="bounds.widths.stages",
        old="eta = _capped(demand.own_error / (layer.support_l1 + (1.0 if biased else 0.0) or 1.0), layer, demand)",
        new="eta = _capped(demand.own_error / (layer.support_l1 or 1.0), layer, demand)",
        checks=ATTACK,
    ),
    Mutant(
        wrong="two-for-one: kappa dropped",
        module="bounds.widths.stages",
        old="spread = block.amplification if layer.two_signed_inputs else 1.0",
        new="spread = 1.0 if layer.two_signed_inputs else 1.0",
        checks=ATTACK,
    ),
    Mutant(
        wrong="two-for-one: largest input for the sum of the inputs",
        module="bounds.widths.stages",
        old="reach = spread * (layer.support_l1 + layer.row_nonzeros",
        new="reach = spread * (layer.input_sup + layer.row_nonzeros",
        checks=ATTACK,
    ),
    Mutant(
        wrong="two-for-one: biases are exact",
        module="bounds.widths.stages",
        old="+ (1.0 if biased else 0.0)\n    eta = _capped(demand.own_error * (1",
        new="+ (0.0 if biased else 0.0)\n    eta = _capped(demand.own_error * (1",
        checks=ATTACK,
    ),
    Mutant(
        wrong="the linearisation may use the whole budget once more",
        module="bounds.widths.stages",
        old="budget = demand.own_error * _LINEARISATION_SHARE * _SHRINK",
        new="budget = 2 * demand.own_error * _SHRINK",
        checks=ATTACK,
    ),
    Mutant(
        wrong="linearisation: outgoing weights of size 1",
        module="bounds.widths.stages",
        old="if layer.row_nonzeros * chosen * (ratio / scale) * remainder <= budget:",
        new="if layer.row_nonzeros * chosen * remainder <= budget:",
        checks=ATTACK,
    ),
    Mutant(
        wrong="linearisation: one neuron per weight",
        module="bounds.widths.stages",
        old="if layer.row_nonzeros * chosen * (ratio / scale) * remainder <= budget:",
        new="if layer.row_nonzeros * (ratio / scale) * remainder <= budget:",
        checks=ATTACK,
    ),
    Mutant(
        wrong="sigma missing in the variables",
        module="bounds.widths.stages",
        old="relative, window = _relative(sigma, layer.max_weight, eta)",
        new="relative, window = _relative(1.0, layer.max_weight, eta)",
        checks=COUNTS,
    ),
    Mutant(
        wrong="windows of half the largest weight",
        module="bounds.widths.stages",
        old="max(largest / range_of_variable, 2.0**-20)",
        new="max(largest / range_of_variable / 2, 2.0**-20)",
        checks=COUNTS,
    ),
    Mutant(
        wrong="constants known exactly: weight 1 for low/high",
        module="bounds.widths.constants",
        old="weight = constant.low / constant.high * (1 - 2.0**-50)",
        new="weight = 1.0 * (1 - 2.0**-50)",
        checks=COUNTS,
    ),
    Mutant(
        wrong="constants as large as the largest",
        module="bounds.widths.constants",
        old="half_width = sigma * constant.low",
        new="half_width = sigma * constant.high",
        checks=COUNTS,
    ),
)

FAILURE_BUDGETS = (
    Mutant(
        wrong="every stage may fail with delta",
        module="bounds.widths.budgets",
        old="return self.shares[number - 1] * self.failure_probability",
        new="return self.failure_probability",
        checks=FAILURES,
    ),
    Mutant(
        wrong="delta for delta/rho: one row's share for every row",
        module="bounds.widths.planning",
        old="need = max(above.copies, above.constants)",
        new="need = 1 + 0 * max(above.copies, above.constants)",
        checks=FAILURES,
    ),
    Mutant(
        wrong="a row is one problem",
        module="bounds.widths.planning",
        old="per_row = layer.row_nonzeros * _classes(layer, block)",
        new="per_row = 1",
        checks=FAILURES,
    ),
    Mutant(
        wrong="output: every row is one problem",
        module="bounds.widths.planning",
        old="problems = layer.nonzero_weights * _classes(layer, block) + layer.nonzero_biases + above.constants",
        new="problems = layer.n_out * _classes(layer, block) + above.constants",
        checks=FAILURES,
    ),
    Mutant(
        wrong="one base set for both signs of an input",
        module="bounds.widths.planning",
        old="return 2 if block is not None and block.rule.split and layer.two_signed_inputs else 1",
        new="return 1 if block is not None and block.rule.split and layer.two_signed_inputs else 1",
        checks=FAILURES,
    ),
    Mutant(
        wrong="one neuron's rows for all neurons",
        module="bounds.widths.planning",
        old="row = row_failure_allowed(need, spares, rest / groups,",
        new="row = row_failure_allowed(need, spares, rest,",
        checks=FAILURES,
    ),
    Mutant(
        wrong="signs may fail with delta on top",
        module="bounds.widths.planning",
        old="signs = delta / 16 if block is not None else 0.0\n    rest = (delta - signs) * _SHRINK",
        new="signs = delta / 2 if block is not None else 0.0\n    rest = delta * _SHRINK",
        checks=FAILURES,
    ),
    Mutant(
        wrong="every neuron fits either sign",
        module="bounds.widths.stages",
        old="Group(layer.one_signed_inputs, 1, sizes.one_signed, 0.5 if split else 1.0)",
        new="Group(layer.one_signed_inputs, 1, sizes.one_signed, 1.0 if split else 1.0)",
        checks=FAILURES,
    ),
    Mutant(
        wrong="one class for inputs of both signs",
        module="bounds.widths.stages",
        old="Group(layer.two_signed_inputs, 2 if split else 1, sizes.two_signed",
        new="Group(layer.two_signed_inputs, 1 if split else 1, sizes.two_signed",
        checks=FAILURES,
    ),
    Mutant(
        wrong="a pair counts as one neuron",
        module="bounds.widths.stages",
        old="sign_probability) * block.rule.neurons_per_variable",
        new="sign_probability) * 1",
        checks=FAILURES,
    ),
    Mutant(
        wrong="one copy serves every base set",
        module="bounds.widths.planning",
        old="copies=1 if two_for_one else max(stage.sizes.two_signed, 1)",
        new="copies=1 if two_for_one else max(stage.sizes.two_signed // 2, 1)",
        checks=COUNTS,
    ),
    Mutant(
        wrong="rows of one neuron for all neurons of a layer",
        module="bounds.widths.planning",
        old="rows = used * (above.copies + spares)",
        new="rows = (above.copies + spares)",
        checks=COUNTS,
    ),
    Mutant(
        wrong="spare rows are not counted in the width",
        module="bounds.widths.planning",
        old="rows = used * (above.copies + spares)",
        new="rows = used * above.copies",
        checks=COUNTS,
    ),
)

MUTANTS = (*GAINS, *TOLERANCES, *FAILURE_BUDGETS)
