"""What people do to a form: twice, in two tabs, two of them, with an order that changed, and after a reload."""

from orders.models import Operation
from tests.support.actions import Action, form_token_of
from tests.support.matrix import survives
from tests.support.reliability import PLACE, Case, House, says_done, words

State = Operation.State


@survives(2)
def test_the_same_form_sent_again_shows_what_became_of_the_first(action: Action, house: House) -> None:
    case = Case(house, action)
    for page in (case.press(), case.press()):
        assert says_done(page), words(page)
    case.assert_invariants(State.DONE)
    assert len(case.calls()) == 1


@survives(2)
def test_back_edited_and_sent_again_sends_nothing_more_and_says_so(action: Action, house: House) -> None:
    case = Case(house, action)
    before = house.tab.get(action.path(PLACE, case.subject))
    first = action.filled(house.shop, before, case.subject)
    edited = action.filled(house.shop, before, case.subject, otherwise=True)
    assert first is not None
    assert edited is not None
    case.press(first)
    page = case.press(edited)
    assert action.name == "create" or "nothing else was sent" in page.text
    case.assert_invariants(State.DONE)
    assert len(case.calls()) == 1


@survives(2)
def test_a_reload_after_sending_sends_nothing(action: Action, house: House) -> None:
    case = Case(house, action)
    answer = house.tab.post(case.form.path, case.form.sent)
    assert answer.status == 303
    for _ in range(2):
        case.watch(house.tab.get(answer.location))
    case.assert_invariants(State.DONE)
    assert len(case.calls()) == 1


@survives(2)
def test_two_tabs_of_one_person_are_two_forms_of_which_the_second_is_told_of_the_first(
    action: Action, house: House
) -> None:
    case = Case(house, action)
    other = case.open()
    case.press()
    case.press(other)
    case.reconcile()
    told_before = action.name in ("create", "fulfill")  # by what stands here: nothing needs to be begun
    case.assert_invariants(State.DONE, *([] if told_before else [State.NOT_SENT]))
    assert len(case.calls()) == 1


@survives(3)
def test_the_second_of_two_people_is_told_who_is_at_it_and_keeps_what_was_typed(action: Action, house: House) -> None:
    case = Case(house, action)
    theirs = case.open(house.colleague)
    case.fail("disconnect", after_work=True)
    case.press()
    page = case.press(theirs, house.colleague)
    assert "<bdi>Ada</bdi> is changing this order (started" in page.text
    assert form_token_of(page) == ""
    assert len(case.calls()) == 1
    case.recover()
    case.assert_invariants(State.DONE)


@survives(4)
def test_an_order_that_changed_since_the_form_was_drawn_is_not_sent_and_the_difference_shown(
    action: Action, house: House
) -> None:
    case = Case(house, action)
    house.shop.touch(case.subject)
    page = case.press()
    assert "the order changed since this form was opened" in page.text
    assert form_token_of(page)
    assert case.calls() == []
    case.reconcile()
    case.assert_invariants(State.NOT_SENT)


@survives(27)
def test_the_form_that_was_refused_is_not_sent_again_by_itself(action: Action, house: House) -> None:
    """Back to the refused form, and its button once more: what RevKeen said stands, under the one key."""
    case = Case(house, action)
    case.fail("error", status=422, code="invalid_request", message="Not like this.")
    case.press()
    page = case.press()
    assert "Not like this." in page.text
    case.assert_invariants(State.REFUSED)
    assert len(case.calls()) == 1
