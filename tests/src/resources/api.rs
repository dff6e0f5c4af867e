use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kinfra_engine::resource_manager::{Adapter, Probed, Settled, Stop};
use kinfra_rpc::ErrorCode;
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;

use super::fake_api::{FakeApi, Fault, TOKEN};
use super::given::{Around, probe_until, start};

const START: &str = "POST /v1/db/start";
const END: &str = "POST /v1/db/pause";
const LOOK: &str = "GET /v1/db";

fn text(base: &str) -> String {
    format!(
        "type: api
url: {base}/v1
auth: {{ bearer: '${{secret:cloud}}' }}
headers: {{ X-Team: 7 }}
start: {{ path: /db/start, body: {{ size: 1, key: '${{secret:cloud}}' }} }}
end: {{ path: /db/pause }}
status:
  path: /db
  state: /status/phase
  running: active
  starting: restoring
  stopping: pausing
  stopped: paused
  failed: error
outputs_from: {{ host: /connection/host, port: /connection/port }}
timeout: 2s
rate: 1000/min
retries: 2
"
    )
}

fn around() -> Around {
    Around { secrets: vec![("cloud", TOKEN)], ..Around::new(BTreeMap::new()) }
}

fn adapter(api: &FakeApi) -> Arc<dyn Adapter> {
    around().adapter(&text(&format!("http://{}", api.address)))
}

fn is_ready(probed: &Probed) -> bool {
    matches!(probed, Probed::Ready(_))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_cloud_starts_is_ready_with_its_outputs_and_ends() {
    let api = FakeApi::start("paused");
    let db = adapter(&api);
    assert_eq!(db.observe().await.unwrap().settled, Settled::Down(None));
    start(&db).await.unwrap();
    let probed = probe_until(&db, "it to be ready", is_ready).await;
    assert_eq!(probed, [Probed::NotReady("restoring".into()), Probed::Ready("active".into())]);
    let outputs: Vec<_> = db.outputs().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(outputs, ["host=db.example.com", "port=5432"]);
    let (exit, stopped) = tokio::join!(db.ended(), db.stop(Stop::InOrder));
    assert_eq!((exit.code, stopped), (Some(0), Ok(())));
    let state = api.state.lock().unwrap();
    assert_eq!((state.count(START), state.count(END)), (1, 1));
    let started = state.asked.iter().find(|asked| asked.line == START).unwrap();
    let body: serde_json::Value = serde_json::from_str(&started.body).unwrap();
    assert_eq!(body, serde_json::json!({ "size": 1, "key": TOKEN }));
    let headers = started.headers.to_ascii_lowercase();
    assert!(headers.contains("x-team: 7") && headers.contains("content-type: application/json"), "{headers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_fails_after_it_took_effect_is_not_sent_again() {
    for fault in [
        Fault::DoneAndBroken,
        Fault::DoneAndSilent(Duration::from_secs(5)),
        Fault::DoneAndStatus(500),
        Fault::DoneAndStatus(502),
    ] {
        let api = FakeApi::start("paused");
        let db = adapter(&api);
        api.fault("POST", fault.clone());
        start(&db).await.unwrap_or_else(|problem| panic!("{fault:?}: {problem}"));
        probe_until(&db, "it to be ready", is_ready).await;
        assert_eq!(api.count(START), 1, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_asks_for_time_gets_it() {
    let api = FakeApi::start("paused");
    let db = adapter(&api);
    let dates = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:39 GMT\r\n";
    api.fault("POST", Fault::Answer(429, "Retry-After: 2\r\n".into(), String::new()));
    api.fault("POST", Fault::Answer(503, dates.into(), String::new()));
    let begun = Instant::now();
    start(&db).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(4), "{:?}", begun.elapsed());
    let state = api.state.lock().unwrap();
    assert_eq!(state.count(START), 3);
    let times: Vec<_> =
        state.asked.iter().filter(|asked| asked.line == START).map(|asked| asked.at).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_secs(2)), "{times:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_name_the_credential_and_show_no_secret() {
    let api = FakeApi::start("paused");
    let wrong = Around { secrets: vec![("cloud", "a-wrong-token")], ..around() };
    let db = wrong.adapter(&text(&format!("http://{}", api.address)));
    let problem = db.observe().await.unwrap_err();
    assert_eq!(problem.code, ErrorCode::ResourceFailed);
    assert!(problem.message.contains("doesn't accept the bearer token from ${secret:cloud}"), "{problem}");

    let db = adapter(&api);
    for (status, word) in
        [(403, "allows no such thing to the bearer token"), (404, "answers 404"), (422, "422")]
    {
        let body = format!(r#"{{"error":{{"message":"{TOKEN} is not for this"}}}}"#);
        api.fault("POST", Fault::Answer(status, String::new(), body));
        let problem = start(&db).await.unwrap_err();
        assert!(
            problem.message.contains(word) && problem.message.contains("*** is not for this"),
            "{problem}"
        );
        assert!(!format!("{problem:?}").contains(TOKEN), "{problem:?}");
    }
    assert_eq!(api.count(START), 3, "none of them is repeated");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_fine_when_it_is_where_it_should_be() {
    let api = FakeApi::start("paused");
    let db = adapter(&api);
    let plan = db.plan(&db.observe().await.unwrap()).unwrap();
    // Somebody else starts it in between; the answer to the next look is lost.
    api.state.lock().unwrap().phase = "active";
    db.start(&plan, &super::given::Said::default()).await.unwrap();
    api.state.lock().unwrap().phase = "paused";
    api.fault("POST", Fault::Answer(409, String::new(), r#"{"message":"it is locked"}"#.into()));
    let problem = start(&adapter(&api)).await.unwrap_err();
    assert!(problem.message.contains("it is locked; its status is paused"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_none_are_told_clearly() {
    let api = FakeApi::start("active");
    for (body, word) in
        [("{\"status\":", "is no JSON"), ("<html>", "is no JSON"), ("{}", "no state at `/status/phase`")]
    {
        api.fault("GET", Fault::Answer(200, String::new(), body.into()));
        let problem = adapter(&api).observe().await.unwrap_err();
        assert!(problem.message.contains(word), "{body}: {problem}");
    }
    api.state.lock().unwrap().phase = "gone";
    assert_eq!(adapter(&api).observe().await.unwrap().settled, Settled::Absent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirection_takes_no_credential_elsewhere() {
    let (api, elsewhere) = (FakeApi::start("active"), FakeApi::start("active"));
    let to = |to: String| Fault::Answer(307, format!("Location: {to}\r\n"), String::new());
    api.fault("GET", to(format!("http://{}/v1/db", elsewhere.address)));
    let problem = adapter(&api).observe().await.unwrap_err();
    assert!(problem.message.contains(&format!("leads to http://{}/v1/db", elsewhere.address)), "{problem}");
    assert_eq!(elsewhere.state.lock().unwrap().asked, []);
    api.fault("GET", to("/v1/db".to_owned()));
    assert_eq!(adapter(&api).observe().await.unwrap().settled, Settled::Running, "within itself it may");
    assert_eq!(api.count(LOOK), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_is_not_there_is_unreachable_and_tells_no_secret() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let db = around().adapter(&text(&base));
    let Probed::Unknown(problem) = db.probe().await else { panic!("nobody can tell") };
    assert_eq!(problem.code, ErrorCode::ResourceUnreachable);
    assert!(problem.message.contains("refused") && !problem.message.contains(TOKEN), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_by_itself_has_ended() {
    let api = FakeApi::start("paused");
    // While it is changing it is looked at every 2 s.
    api.state.lock().unwrap().slow = Duration::from_secs(3600);
    let db = adapter(&api);
    start(&db).await.unwrap();
    let watch = async {
        probe_until(&db, "it to be on its way", |probed| matches!(probed, Probed::NotReady(_))).await;
        api.state.lock().unwrap().phase = "error";
        db.ended().await
    };
    let exit = tokio::time::timeout(Duration::from_secs(20), watch).await.unwrap();
    assert_eq!(exit.code, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_one_s_own_is_trusted_where_it_is_named() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config =
        config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key.into()).unwrap();
    let api = FakeApi::start_with_tls("active", config);
    let base = format!("https://localhost:{}", api.address.port());
    let problem = around().adapter(&text(&base)).observe().await.unwrap_err();
    assert_eq!(problem.code, ErrorCode::ResourceUnreachable, "{problem}");
    assert!(problem.message.to_ascii_lowercase().contains("certificate"), "{problem}");
    assert_eq!(api.state.lock().unwrap().asked, [], "no request and no credential");

    let folder = tempfile::tempdir().unwrap();
    let der = STANDARD.encode(made.cert.der());
    let pem = format!("-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n");
    std::fs::write(folder.path().join("ca.pem"), pem).unwrap();
    let trusting = Around { folder: folder.path().to_owned(), ..around() };
    let db = trusting.adapter(&format!("{}tls: {{ ca: ca.pem }}\n", text(&base)));
    assert_eq!(db.observe().await.unwrap().settled, Settled::Running);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_resources_with_one_credential_share_the_limit_of_the_api() {
    let api = FakeApi::start("active");
    let around = around();
    let text = text(&format!("http://{}", api.address)).replace("1000/min", "3/10s");
    let adapters: Vec<_> = (0..4).map(|_| around.adapter(&text)).collect();
    let mut probed = vec![];
    for adapter in &adapters {
        probed.push(tokio::time::timeout(Duration::from_secs(8), adapter.probe()).await);
    }
    assert!(probed[..3].iter().all(|probed| probed.as_ref().is_ok_and(is_ready)), "{probed:?}");
    assert!(
        matches!(&probed[3], Ok(Probed::Unknown(problem)) if problem.message.contains("nothing may be sent"))
    );
    assert_eq!(api.count(LOOK), 3);
}
