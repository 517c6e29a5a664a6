import tests.ablation.generators as tests_of_generators
from clairo.ablation.generators import GeneratorKind
from tests.contracts.generator import GeneratorContract
from tests.contracts.registry import assert_every_kind_has_a_contract_test


def test_every_generator_has_a_test_of_the_contract() -> None:
    assert_every_kind_has_a_contract_test(GeneratorKind, GeneratorContract, tests_of_generators)
