"""What descriptions of resources in clouds become in the generated ``kinfra.yaml``."""

from __future__ import annotations

import logging
from typing import Any, Dict, List

import pytest
from conftest import Home
from test_translation import made

from kinfra import ConfigurationError, ResourceManager, _resources, resource_from_dict
from kinfra.templates import resources

VARIABLES = ("SUPABASE_ACCESS_TOKEN", "VERCEL_TOKEN", "NEON_API_KEY")
RENDER = "https://api.render.com/v1"
RAILWAY = "https://backboard.railway.app/graphql/v2"


@pytest.fixture(autouse=True)
def no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def warnings_of(config: Dict[str, Any], caplog: pytest.LogCaptureFixture) -> List[str]:
    caplog.clear()
    with caplog.at_level(logging.WARNING, "kinfra"):
        made(config)
    return [record.getMessage() for record in caplog.records]


def test_a_project_at_supabase_is_restored_and_paused_and_its_secrets_are_kept_out() -> None:
    entry, values = made(resources.supabase_project("ref", "sbp_1", "hunter22"), "db")
    assert entry == {
        "type": "supabase",
        "token": "${secret:python/db/access_token}",
        "project": "ref",
        "password": "${secret:python/db/database_password}",
        "on_stop": "pause",
    }
    assert values == {"python/db/access_token": "sbp_1", "python/db/database_password": "hunter22"}
    entry, values = made(
        resources.supabase_project("ref", "${secret:mine}", branch_name="a$b", on_stop="leave", api_base_url="http://x")
    )
    assert entry == {
        "type": "supabase",
        "token": "${secret:mine}",
        "url": "http://x",
        "project": "ref",
        "branch": "a$$b",
        "on_stop": "leave",
    }
    assert values == {}


def test_a_branch_at_neon_is_woken_and_suspended() -> None:
    entry, values = made(resources.neon_database("cold-sun", "napi_1", "preview"), "db")
    assert entry == {
        "type": "neon",
        "token": "${secret:python/db/api_key}",
        "project": "cold-sun",
        "branch": "preview",
        "on_stop": "pause",
    }
    assert values == {"python/db/api_key": "napi_1"}
    entry, _ = made(resources.neon_database("cold-sun", "napi_1", database="shop", role="me", on_stop="leave"))
    assert (entry["database"], entry["role"], entry["on_stop"]) == ("shop", "me", "leave")
    # It has no name that is the same everywhere.
    assert "branch" not in entry


def test_what_is_deployed_at_vercel_is_looked_after_and_nothing_is_deployed() -> None:
    entry, values = made(resources.vercel_deployment("shop", team_id="team_1", access_token="v1"), "web")
    assert entry == {
        "type": "vercel",
        "token": "${secret:python/web/access_token}",
        "project": "shop",
        "team": "team_1",
        "target": "production",
    }
    assert values == {"python/web/access_token": "v1"}
    entry, _ = made(resources.vercel_deployment("shop", access_token="v1", target="preview", branch="next"))
    assert (entry["target"], entry["branch"], "team" in entry) == ("preview", "next", False)


@pytest.mark.parametrize(
    ("config", "variable", "key"),
    [
        (resources.supabase_project("ref"), "SUPABASE_ACCESS_TOKEN", "access_token"),
        (resources.vercel_deployment("shop"), "VERCEL_TOKEN", "access_token"),
        (resources.neon_database("cold-sun"), "NEON_API_KEY", "api_key"),
    ],
)
def test_a_token_is_said_or_that_of_a_variable_and_never_written(
    config: Dict[str, Any], variable: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match=f"it lacks {key}") as told:
        made(config)
    assert variable in str(told.value.hint)
    monkeypatch.setenv(variable, "of-the-shell")
    entry, values = made(config)
    assert (entry["token"], values) == (f"${{secret:python/it/{key}}}", {f"python/it/{key}": "of-the-shell"})
    entry, values = made({**config, key: "said"})
    assert values == {f"python/it/{key}": "said"}


def test_what_was_never_done_is_silent_and_what_is_done_no_more_is_told(caplog: pytest.LogCaptureFixture) -> None:
    neon = resources.neon_database("p", "k", region="aws-eu", compute_units=1)
    supabase = resources.supabase_project("p", "k", region="eu", org_id="o")
    for config in (neon, supabase, resources.vercel_deployment("p", access_token="k")):
        assert warnings_of(config, caplog) == []
    vercel = resources.vercel_deployment("p", "dpl_1", access_token="k", auto_promote=True)
    assert warnings_of(vercel, caplog) == ["the resource it: auto_promote, deployment_id has no meaning and is ignored"]


def test_a_service_at_render_is_told_from_an_api_by_its_address(caplog: pytest.LogCaptureFixture) -> None:
    expected = {
        "type": "render",
        "token": "${secret:python/web/token}",
        "service": "srv-1",
        "on_stop": "pause",
    }
    assert made(resources.render_service("srv-1", "rnd_1"), "web") == (expected, {"python/web/token": "rnd_1"})
    assert warnings_of(resources.render_service("srv-1", "rnd_1"), caplog) == []
    # As one may have written it without the template.
    auth = {"type": "bearer", "token": "rnd_1"}
    ends = {"start_endpoint": "/services/srv-1/resume", "stop_endpoint": "/services/srv-1/suspend"}
    assert made({"type": "api", "api_base_url": f"{RENDER}/", "auth": auth, **ends}, "web")[0] == expected
    left = made(resources.render_service("srv-1", "rnd_1", stop_endpoint=""))[0]
    assert left["on_stop"] == "leave"
    assert made(resources.render_service("srv-1", "rnd_1", on_stop="leave"))[0]["on_stop"] == "leave"
    entry, _ = made({"type": "api", "api_base_url": f"{RENDER[:-1]}2/services/crn-$", "auth": auth})
    assert (entry["url"], entry["service"], entry["on_stop"]) == ("https://api.render.com/v2", "crn-$$", "leave")


def test_a_service_at_railway_is_found_by_what_is_said_or_what_was_sent(caplog: pytest.LogCaptureFixture) -> None:
    expected = {"type": "railway", "token": "${secret:python/web/token}", "project": "p", "service": "s"}
    config = resources.railway_service("s", "key", "p")
    assert made(config, "web") == (expected, {"python/web/token": "key"})
    assert warnings_of(config, caplog) == []
    before = {"type": "api", "api_base_url": f"{RAILWAY}/", "auth": {"type": "bearer", "token": "key"}}
    query = "mutation ($serviceId: String!) { serviceInstanceRedeploy(serviceId: $serviceId) }"
    sent = {"query": query, "variables": {"serviceId": "s", "projectId": "p"}}
    assert made({**before, "start_body": sent}, "web")[0] == expected
    written = '{"query": "mutation { x(serviceId: \\"s\\", environmentId: \\"e\\") }", "variables": {"projectId": "p"}}'
    written = written.replace('\\"', '"')
    assert made({**before, "start_body": written}, "web")[0] == {**expected, "environment": "e"}
    entry, _ = made(resources.railway_service("s", "key", environment_id="e", token_of="project", rate="1000/h"))
    assert (entry["token_of"], entry["environment"], entry["rate"], "project" in entry) == (
        "project",
        "e",
        "1000/h",
        False,
    )
    of_project = {"type": "api_key", "api_key": "key", "header_name": "Project-Access-Token"}
    entry, values = made({**before, "auth": of_project, "service_id": "s"})
    assert (entry["token_of"], values) == ("project", {"python/it/token": "key"})


def test_what_a_cloud_takes_is_waited_for() -> None:
    # The engine's own time, after which it says why.
    longest = 20 * 60
    config = resources.supabase_project("ref", "k"), resources.render_service("srv-1", "k")
    assert [resource_from_dict("db", it).start_timeout > longest for it in config] == [True, True]
    assert resource_from_dict("api", resources.custom_api("https://x.test")).start_timeout < longest


def test_what_runs_at_a_cloud_is_an_api_like_any_other() -> None:
    for host in ("shop.onrender.com", "shop.up.railway.app", "api.render.com.example.com"):
        assert made(resources.custom_api(f"https://{host}", "t"))[0]["type"] == "api"


BEARER = {"type": "bearer", "token": "k"}


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (resources.vercel_deployment(deployment_id="dpl_1", access_token="k"), "it lacks project_name"),
        (resources.vercel_deployment("p", access_token="k", target="staging"), "no target 'staging'"),
        (resources.neon_database("p", "k", on_stop="delete"), "on_stop is 'delete'"),
        (resources.custom_api(f"{RENDER}/postgres/dpg-1", "k"), "names no service at Render"),
        (resources.custom_api(f"{RENDER}/services/srv-1", "k"), "start_endpoint is /start, .* is /resume"),
        (resources.render_service("srv-1", "k", stop_endpoint="/restart"), "stop_endpoint is /restart, .* is /suspend"),
        (resources.render_service("srv-1", ""), "its auth has no key for Render"),
        (resources.railway_service("s", "k"), "which project at Railway"),
        (resources.railway_service("s", "k", "p", token_of="team"), "token_of is 'team'"),
        (resources.railway_service("s", "", "p"), "its auth has no key for Railway"),
        (resources.custom_api(RAILWAY, "k"), "which service at Railway"),
        (resources.custom_api(RAILWAY, "k", start_body={"query": "{ x(serviceId: $id) }"}), "which service at Railway"),
    ],
)
def test_what_is_missing_is_told(config: Dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as error:
        made(config)
    assert error.value.hint


@pytest.mark.parametrize("template", [resources.supabase_project, resources.neon_database])
def test_a_project_has_to_be_named(template: Any) -> None:
    with pytest.raises(ConfigurationError, match="the resource db lacks project_id"):
        resource_from_dict("db", template(""))


def test_the_engine_takes_all_that_is_written_of_clouds(home: Home) -> None:
    manager = ResourceManager()
    manager.add_resource("db", resources.supabase_project("abcdefghijklmnopqrst", "k", "hunter22", branch_name="b"))
    manager.add_resource("neon", resources.neon_database("p", "k", "b", database="d", role="r"))
    manager.add_resource("web", resources.vercel_deployment("p", access_token="k", target="preview", branch="b"))
    manager.add_resource("render", resources.render_service("srv-1", "k"))
    manager.add_resource("railway", resources.railway_service("s", "k", "p", "e", rate="1000/h"))
    manager.add_resource("of-project", resources.railway_service("s", "k", token_of="project"))
    _resources.write(manager._project, list(manager.resources.values()))
    state = manager._project.state()
    assert state is not None and state["problems"] == []
    kinds = {node["name"]: node["resource"]["kind"] for node in state["nodes"]}
    assert kinds == {
        "db": "supabase",
        "neon": "neon",
        "web": "vercel",
        "render": "render",
        "railway": "railway",
        "of-project": "railway",
    }
