"""Plugin of pytest: switches on the tests that need a mock server, which the suite marks to be skipped."""


def pytest_collection_modifyitems(items):
    for item in items:
        item.own_markers = [mark for mark in item.own_markers if mark.name != "skip"]
