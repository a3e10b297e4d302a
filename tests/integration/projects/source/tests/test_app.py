from shop.app import handler


def test_handler():
    assert handler({}, None)["json"] == "{}"
