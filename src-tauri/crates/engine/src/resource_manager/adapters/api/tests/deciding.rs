use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::adapter::Api;
use super::stage::{settings, with_given};
use crate::resource_manager::remote::{
    Answer, Asked, Fault, Goal, Kind, Means, Next, Sighted, Trouble, Verdict, Wish, decide, is_reached,
};
use crate::resource_manager::{Outside, Settings};
use crate::schema::Statuses;

fn decided(status: u16, body: &str, errors: Option<&str>) -> Verdict {
    let expect = Statuses(vec![(200, 299)]);
    let asked = Asked { expect: &expect, errors, json: true, credential: "the bearer token", needs: None };
    decide(&Ok(Answer { status, body: body.as_bytes().to_vec(), ..Answer::default() }), &asked)
}

#[test]
fn a_success_that_lists_errors_is_none() {
    let errors = Some("/errors");
    let Verdict::Refused(trouble) = decided(200, r#"{"errors":[{"message":"no such field"}]}"#, errors)
    else {
        panic!("it lists one")
    };
    assert_eq!(trouble.why, "the API answers 200 and reports an error: no such field");
    for body in [r#"{"errors":[],"data":1}"#, r#"{"errors":null}"#, "{}"] {
        assert!(matches!(decided(200, body, errors), Verdict::Done(Some(_))), "{body}");
    }
    assert!(matches!(decided(200, r#"{"errors":[1]}"#, None), Verdict::Done(Some(_))));
}

#[test]
fn a_redirection_elsewhere_is_told_without_what_may_be_secret_in_it() {
    let expect = Statuses(vec![(200, 299)]);
    let asked = Asked { expect: &expect, errors: None, json: false, credential: "", needs: None };
    let location = Some("https://evil.test/x?token=1#a".to_owned());
    let verdict = decide(&Ok(Answer { status: 302, location, ..Answer::default() }), &asked);
    let Verdict::Refused(trouble) = verdict else { panic!("{verdict:?}") };
    assert_eq!(trouble.why, "the API answers 302 and leads to https://evil.test/x");
}

fn verdicts() -> impl Strategy<Value = Verdict> {
    let trouble = || Trouble::new(Kind::Passing, "so");
    prop_oneof![
        Just(Verdict::Done(None)),
        Just(Verdict::Conflict(trouble())),
        Just(Verdict::Gone(trouble())),
        prop::option::of(0_u64..200).prop_map(move |after| Verdict::NotTaken(
            after.map(std::time::Duration::from_secs),
            Trouble::new(Kind::Passing, "so")
        )),
        Just(Verdict::Unsure(trouble())),
        Just(Verdict::Refused(trouble())),
    ]
}

fn sights() -> impl Strategy<Value = Option<Means>> {
    prop::option::of(prop_oneof![
        Just(Means::Running),
        Just(Means::Starting),
        Just(Means::Stopping),
        Just(Means::Stopped),
        Just(Means::Failed),
        Just(Means::Gone),
    ])
}

proptest! {
    /// Whatever is answered, and in whatever order.
    #[test]
    fn a_wish_ends_and_repeats_a_request_only_where_nothing_can_have_come_of_it(
        heard in prop::collection::vec((verdicts(), sights()), 20),
        (up, again, looks) in any::<(bool, bool, bool)>(), retries in 0_u32..6, dice in 0.0..1.0_f64,
    ) {
        let goal = if up { Goal::Up } else { Goal::Down };
        let mut wish = Wish::new(goal, again, looks, retries);
        let mut sent = 0;
        for (verdict, sight) in heard {
            sent += 1;
            prop_assert!(sent <= retries + 1);
            let is_unsure = matches!(verdict, Verdict::Unsure(_));
            let is_untaken = matches!(verdict, Verdict::NotTaken(..));
            let mut next = wish.heard(verdict, dice);
            let mut says_it_is_not_there = false;
            if let Next::Look(_) = next {
                prop_assert!(looks);
                says_it_is_not_there = sight.is_some_and(|means| match goal {
                    Goal::Up => means.is_down() || means == Means::Stopping,
                    Goal::Down => means == Means::Running,
                });
                let sighted = sight.map(|means| Sighted {
                    is_reached: is_reached(goal, means),
                    word: String::new(),
                });
                next = wish.saw(&sighted.ok_or_else(|| Trouble::new(Kind::Passing, "away")), dice);
            }
            match next {
                Next::Send { .. } => {
                    prop_assert!(is_untaken || (is_unsure && (again || says_it_is_not_there)));
                }
                Next::Done | Next::Fail(_) => return Ok(()),
                Next::Look(_) => prop_assert!(false, "one look is enough"),
            }
        }
        prop_assert!(false, "it never ended");
    }

    #[test]
    fn nothing_that_an_api_answers_is_taken_for_a_success_unless_it_is_one(
        status in 100_u16..600, body in ".{0,40}", after in prop::option::of(".{0,10}"),
    ) {
        let expect = Statuses(vec![(200, 299)]);
        let asked = Asked { expect: &expect, errors: None, json: true, credential: "", needs: None };
        let answer = Answer { status, body: body.clone().into_bytes(), retry_after: after, ..Answer::default() };
        let is_json = serde_json::from_str::<serde_json::Value>(&body).is_ok();
        let is_done = matches!(decide(&Ok(answer), &asked), Verdict::Done(_));
        prop_assert_eq!(is_done, (200..300).contains(&status) && is_json);
    }
}

#[test]
fn an_answer_that_never_came_is_no_answer() {
    let expect = Statuses(vec![(200, 299)]);
    let asked = Asked { expect: &expect, errors: None, json: true, credential: "", needs: None };
    assert!(matches!(decide(&Err(Fault::Lost(String::new())), &asked), Verdict::Unsure(_)));
    assert!(matches!(decide(&Err(Fault::NotSent(String::new())), &asked), Verdict::NotTaken(None, _)));
}

#[test]
fn what_is_written_wrongly_is_told_with_its_place() {
    let text = "url: api.test\nauth: { bearer: x, header: { A: b } }\nrate: often\n\
                status: { state: phase, runing: up }\nstart: { method: FETCH }\noutputs_from: { a: b }\n";
    insta::assert_snapshot!(settings(text).1.join("\n"), @r"
    kinfra.yaml:1:6: `url` is `api.test`, but must be a URL such as `https://api.example.com/v1`
    kinfra.yaml:2:7: `auth` is a map, but must be `none`, or one of `bearer`, `basic` and `header`
    kinfra.yaml:3:7: `rate` is `often`, but must be requests in a time, such as `60/min`, `10/s` or `1000/h`
    kinfra.yaml:4:9: `status.path` is missing
      hint: for example `path: /databases/main`
    kinfra.yaml:4:18: `status.state` is `phase`, but must be a JSON pointer such as `/status/phase`
    kinfra.yaml:4:25: unknown key `runing` in `status`
      hint: did you mean `running`?
    kinfra.yaml:5:8: `start.path` is missing
      hint: for example `path: /databases/main/start`
    kinfra.yaml:5:18: `start.method` is `FETCH`, but must be `GET`, `POST`, `PUT`, `PATCH` or `DELETE`
    kinfra.yaml:6:20: `outputs_from.a` is `b`, but must be a JSON pointer such as `/status/phase`
    ");
}

#[test]
fn secrets_may_stand_in_headers_and_bodies_only() {
    let text = "url: https://${env:HOST}\nauth: { basic: { user: me, password: '${secret:a}' } }\n\
                headers: { X-Team: 7 }\nstart: { path: /start, body: { key: '${secret:b}', n: [1, '${secret:c}'] } }\n\
                end: { path: /end, body: 'plain ${secret:d}' }\nstatus: { path: /status }\ntls: { ca: ca.pem }\n";
    let settings = settings(text).0.unwrap();
    let texts: Vec<_> = settings
        .texts()
        .iter()
        .map(|text| (text.text, text.may_hold_secrets))
        .map(|(text, may)| format!("{text} {may}"))
        .collect();
    insta::assert_snapshot!(texts.join("\n"), @r"
    https://${env:HOST} false
    me true
    ${secret:a} true
    7 true
    /start false
    ${secret:b} true
    ${secret:c} true
    /end false
    plain ${secret:d} true
    /status false
    ca.pem false
    ");
}

#[tokio::test]
async fn a_credential_is_sent_by_tls_or_within_this_machine() {
    let outside = Arc::new(Outside::new(BTreeMap::new()));
    let made = |url: &str| {
        let text = format!("url: {url}\nauth: {{ bearer: '${{secret:api}}' }}\nstart: {{ path: /start }}\n");
        with_given(&outside, |settings, given| Api::new(settings, given).map(|_| ()), &text)
    };
    for url in ["https://api.test", "http://127.0.0.1:1/v1", "http://[::1]:1", "http://localhost:1"] {
        assert_eq!(made(url), Ok(()), "{url}");
    }
    insta::assert_snapshot!(made("http://api.test/v1").unwrap_err(), @r"
    cannot talk to the API of db: its credential would be sent to http://api.test/v1 without TLS
      hint: write `https://`, with `tls.ca` where its certificate is one of your own
    ");
}
