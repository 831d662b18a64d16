"""Rules: named evidence about lines, kept as data in packs."""

from cleaner.rules.engine import Evidence, RuleSet, check_rule
from cleaner.rules.pack import Pack, Rule, RuleError, built_in_packs, load_pack, make_rule

__all__ = [
    "Evidence",
    "Pack",
    "Rule",
    "RuleError",
    "RuleSet",
    "built_in_packs",
    "check_rule",
    "load_pack",
    "make_rule",
]
