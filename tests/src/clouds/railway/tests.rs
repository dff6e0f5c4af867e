use std::time::Duration;

use serde_json::{Value, json};

use super::Railway;
use crate::clouds::{FakeCloud, Fault, Token};
use crate::http::post;

const DEPLOY: &str = "mutation Deploy($environment: String!, $service: String!) {
  id: serviceInstanceDeployV2(environmentId: $environment, serviceId: $service)
}";
const STATUS: &str =
    "query ($id: String!) { deployment(id: $id) { status deploymentStopped instances { status } } }";

struct Shop {
    cloud: FakeCloud<Railway>,
    environment: String,
    service: String,
}

/// With a clock that stands still.
fn shop() -> Shop {
    let cloud = FakeCloud::<Railway>::start();
    cloud.state().clock.stop();
    let (environment, service) = {
        let state = cloud.state();
        (state.vendor.projects[0].environments[0].id.clone(), state.vendor.service("web").unwrap().id.clone())
    };
    Shop { cloud, environment, service }
}

impl Shop {
    fn ask(&self, query: &str, variables: &Value) -> (u16, Value) {
        let reply = self.cloud.ask("POST", "", &json!({"query": query, "variables": variables}));
        (reply.status, reply.value())
    }

    fn deploy(&self) -> String {
        let (_, answer) =
            self.ask(DEPLOY, &json!({"environment": self.environment, "service": self.service}));
        answer["data"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// Status, whether it is stopped, and its instances.
    fn status(&self, id: &str) -> Value {
        let one = self.ask(STATUS, &json!({"id": id})).1["data"]["deployment"].clone();
        json!([one["status"], one["deploymentStopped"], one["instances"][0]["status"]])
    }

    fn order(&self, mutation: &str, id: &str) -> Value {
        self.ask(&format!("mutation ($id: String!) {{ done: {mutation}(id: $id) }}"), &json!({"id": id})).1
    }

    fn message(&self, query: &str, variables: &Value) -> (u16, Value, Value) {
        let (status, answer) = self.ask(query, variables);
        let error = &answer["errors"][0];
        (status, error["message"].clone(), error["extensions"]["code"].clone())
    }
}

#[test]
fn a_deployment_is_built_and_removes_the_one_before_when_it_succeeds() {
    let shop = shop();
    let before = shop.cloud.state().vendor.latest(&shop.service, &shop.environment).unwrap().id.clone();
    let one = shop.deploy();
    let mut seen = vec![(shop.status(&one), shop.status(&before)[0].clone())];
    for _ in 0..70 {
        shop.cloud.advance(Duration::from_millis(10));
        seen.push((shop.status(&one), shop.status(&before)[0].clone()));
    }
    seen.dedup();
    let own: Vec<&Value> = seen.iter().map(|(own, _)| own).collect();
    assert_eq!(
        own[..3],
        [
            &json!(["INITIALIZING", true, null]),
            &json!(["BUILDING", true, null]),
            &json!(["DEPLOYING", true, "CREATED"])
        ]
    );
    assert_eq!(own[3], &json!(["SUCCESS", false, "RUNNING"]));
    assert_eq!((&seen[3].1, &seen[4].1), (&json!("REMOVING"), &json!("REMOVED")));
}

#[test]
fn what_is_stopped_still_succeeds_and_what_sleeps_is_neither_stopped_nor_restarted() {
    let shop = shop();
    let id = shop.cloud.state().vendor.latest(&shop.service, &shop.environment).unwrap().id.clone();
    assert_eq!(shop.order("deploymentStop", &id)["data"]["done"], true);
    assert_eq!(shop.status(&id), json!(["SUCCESS", false, "RUNNING"]));
    shop.cloud.advance(Duration::from_secs(1));
    assert_eq!(shop.status(&id), json!(["SUCCESS", true, "EXITED"]));
    assert_eq!(shop.order("deploymentStop", &id)["data"]["done"], true);
    assert_eq!(shop.order("deploymentRestart", &id)["data"]["done"], true);
    shop.cloud.advance(Duration::from_secs(1));
    assert_eq!(shop.status(&id), json!(["SUCCESS", false, "RUNNING"]));
    shop.cloud.control(&json!({"do": "sleep", "service": "web"}));
    assert_eq!(shop.status(&id), json!(["SLEEPING", true, "RUNNING"]));
    assert_eq!(shop.order("deploymentStop", &id)["errors"][0]["message"], "Deployment is not stoppable");
    assert_eq!(shop.order("deploymentRestart", &id)["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
}

#[test]
fn what_is_on_its_way_is_canceled_and_an_unknown_one_is_refused_with_status_200() {
    let shop = shop();
    let id = shop.deploy();
    assert_eq!(shop.order("deploymentCancel", &id)["data"]["done"], true);
    shop.cloud.advance(Duration::from_secs(5));
    assert_eq!(shop.status(&id)[0], "REMOVED");
    let (status, answer) = shop.ask(STATUS, &json!({"id": "x"}));
    assert_eq!(
        (status, &answer["data"], &answer["errors"][0]["message"]),
        (200, &Value::Null, &json!("Deployment not found"))
    );
    assert_eq!(answer["errors"][0]["path"], json!(["deployment"]));
}

#[test]
fn an_invalid_document_is_refused_before_anything_is_done() {
    let shop = shop();
    let count = shop.cloud.state().vendor.deployments.len();
    let invalid = |query: &str, variables: &Value| {
        let (status, message, code) = shop.message(query, variables);
        assert_eq!(status, 400, "{query}");
        (message.as_str().unwrap().to_owned(), code)
    };
    for (query, message) in [
        ("{ nope }", "Cannot query field \"nope\" on type \"Query\"."),
        (
            "{ me }",
            "Field \"me\" of type \"User!\" must have a selection of subfields. Did you mean \"me { ... }\"?",
        ),
        (
            "{ me { id { x } } }",
            "Field \"id\" must not have a selection since type \"ID!\" has no subfields.",
        ),
        ("{ me(id: 1) { id } }", "Unknown argument \"id\" on field \"Query.me\"."),
        (
            "{ project { id } }",
            "Field \"project\" argument \"id\" of type \"String!\" is required, but it was not provided.",
        ),
        (
            "query ($id: String) { project(id: $id) { id } }",
            "Variable \"$id\" of type \"String\" used in position expecting type \"String!\".",
        ),
        (
            "query ($id: ID!) { project(id: $id) { id } }",
            "Variable \"$id\" of type \"ID!\" used in position expecting type \"String!\".",
        ),
        ("query Q($id: String!) { me { id } }", "Variable \"$id\" is never used in operation \"Q\"."),
        ("{ project(id: $id) { id } }", "Variable \"$id\" is not defined."),
        (
            "{ deployments(input: {service: \"x\"}) { edges { cursor } } }",
            "Field \"service\" is not defined by type \"DeploymentListInput\".",
        ),
    ] {
        assert_eq!(invalid(query, &json!({})), (message.to_owned(), json!("GRAPHQL_VALIDATION_FAILED")));
    }
    assert_eq!(invalid("{ me { id }", &json!({})).1, "GRAPHQL_PARSE_FAILED");
    let (message, code) = invalid(DEPLOY, &json!({"environment": shop.environment, "service": 3}));
    assert!(
        code == "BAD_USER_INPUT" && message.starts_with("Variable \"$service\" got invalid value 3;"),
        "{message}"
    );
    let (message, _) = invalid(DEPLOY, &json!({"environment": shop.environment}));
    assert_eq!(message, "Variable \"$service\" of required type \"String!\" was not provided.");
    assert_eq!(shop.cloud.state().vendor.deployments.len(), count);
}

#[test]
fn each_kind_of_token_comes_in_its_header_and_sees_what_is_its_own() {
    let shop = shop();
    let workspace = shop.cloud.state().vendor.workspaces[0].id.clone();
    let of_project = shop.cloud.add_token(Token::new("").kind("project").only(&[&shop.environment]));
    let of_workspace = shop.cloud.add_token(Token::new("").kind("workspace").only(&[&workspace]));
    let ask = |header: &str, query: &str| {
        let reply = shop.cloud.ask_by(header, "POST", "", &json!({"query": query}));
        assert_eq!(reply.status, 200);
        let value = reply.value();
        value["errors"][0]["message"].as_str().map_or_else(|| value["data"].to_string(), ToOwned::to_owned)
    };
    let (me, token) = ("{ me { email } }", "{ projectToken { environmentId } }");
    let (account, project) =
        (format!("Bearer {}", shop.cloud.token()), format!("Project-Access-Token {of_project}"));
    let workspace = format!("Bearer {of_workspace}");
    assert_eq!(ask(&account, me), r#"{"me":{"email":"ada@example.com"}}"#);
    assert_eq!(
        (ask(&workspace, me), ask(&project, me)),
        ("Not Authorized".to_owned(), "Not Authorized".to_owned())
    );
    assert_eq!(ask("Bearer x", me), "Not Authorized");
    assert_eq!(
        ask(&project, token),
        format!(r#"{{"projectToken":{{"environmentId":"{}"}}}}"#, shop.environment)
    );
    assert_eq!(ask(&format!("Bearer {of_project}"), token), "Project Token not found");
    assert_eq!(
        ask(&workspace, "{ apiToken { workspaces { name } } }"),
        r#"{"apiToken":{"workspaces":[{"name":"Acme"}]}}"#
    );
    let names = "{ projects { edges { node { name } } } }";
    assert!(ask(&account, names).contains("notes") && !ask(&workspace, names).contains("notes"));
    assert_eq!(ask(&project, names), "Not Authorized");
}

#[test]
fn a_token_of_a_project_comes_in_a_header_of_its_own_and_is_not_recorded() {
    let shop = shop();
    let token = shop.cloud.add_token(Token::new("").kind("project").only(&[&shop.environment]));
    let body = json!({"query": "{ projectToken { environmentId } }"}).to_string();
    let header = format!("Project-Access-Token: {token}\r\n");
    let answer = post(shop.cloud.address().port(), "x", "/graphql/v2", &header, &body).unwrap();
    assert!(answer.status == 200 && answer.body.contains(&shop.environment), "{}", answer.body);
    let state = shop.cloud.state();
    assert_eq!(state.requests.all()[0].token, "token 2");
    assert!(!format!("{:?}", state.requests).contains(&token));
}

#[test]
fn lists_go_on_behind_the_last_cursor_and_a_lost_deployment_is_the_newest_one() {
    let shop = shop();
    let lost = Fault::on("POST", "/**").saying("serviceInstanceDeployV2").after().cut();
    shop.cloud.fault(lost);
    let body =
        json!({"query": DEPLOY, "variables": {"environment": shop.environment, "service": shop.service}})
            .to_string();
    let header = format!("Authorization: Bearer {}\r\n", shop.cloud.token());
    assert!(post(shop.cloud.address().port(), "x", "/graphql/v2", &header, &body).is_none());
    let query = "query ($input: DeploymentListInput!, $after: String) {
      deployments(input: $input, first: 1, after: $after) { edges { node { id status } } pageInfo { hasNextPage endCursor } }
    }";
    let input = json!({"environmentId": shop.environment, "serviceId": shop.service});
    let page = shop.ask(query, &json!({"input": input})).1["data"]["deployments"].clone();
    assert_eq!(page["edges"][0]["node"]["status"], "INITIALIZING");
    let next = shop.ask(query, &json!({"input": input, "after": page["pageInfo"]["endCursor"]})).1["data"]["deployments"].clone();
    assert_eq!(
        (&next["edges"][0]["node"]["status"], &next["pageInfo"]["hasNextPage"]),
        (&json!("SUCCESS"), &json!(false))
    );
}
