"""An OpenID Connect client that knows nothing of us, through Envoy."""

import pytest
from openid_client import expected, outcomes
from xianban_sdk import demo


@pytest.mark.docker
@pytest.mark.system
def test_openid_client_succeeds_where_it_should_and_is_refused_where_it_should(suite):
    assert outcomes(suite.url, demo.phone("resident")) == expected(suite.url)
