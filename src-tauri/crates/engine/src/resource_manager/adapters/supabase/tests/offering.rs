use super::super::super::cloud::Offers;
use super::super::super::cloud::tests::kept;
use super::super::api::{ApiKey, Pooler};
use super::super::outputs::{Known, OUTPUTS, offer};
use crate::resource_manager::Place;

fn key(name: &str, kind: Option<&str>, value: &str) -> ApiKey {
    ApiKey { name: name.to_owned(), kind: kind.map(str::to_owned), api_key: Some(value.to_owned()) }
}

fn pooler(kind: &str, mode: &str, port: u16) -> Pooler {
    Pooler {
        database_type: kind.to_owned(),
        db_user: "postgres.shop".to_owned(),
        db_host: "aws-1-eu.pooler.supabase.com".to_owned(),
        db_port: port,
        db_name: "postgres".to_owned(),
        pool_mode: mode.to_owned(),
    }
}

/// The texts, and the secrets that are kept.
fn offered(known: &Known) -> (Vec<String>, Vec<String>) {
    let (outside, kept) = kept();
    let place = Place { home: "h".into(), instance: "shop".into(), node: "db".into() };
    let mut offers = Offers::new(&place, &outside);
    offer(known, &mut offers);
    let texts = offers.into_texts();
    assert!(texts.keys().all(|name| OUTPUTS.contains(&&**name)), "{texts:?}");
    let lines = texts.iter().map(|(name, text)| format!("{name}: {text}")).collect();
    let kept = kept.lock().unwrap().iter().map(|(name, value)| format!("{name}: {value}")).collect();
    (lines, kept)
}

fn known() -> Known {
    Known {
        reference: "shop".to_owned(),
        host: Some("db.shop.supabase.co".to_owned()),
        poolers: vec![pooler("READ_REPLICA", "transaction", 1), pooler("PRIMARY", "session", 5432)],
        keys: vec![
            key("anon", Some("legacy"), "ey.anon"),
            key("service_role", Some("legacy"), "ey.service"),
            key("other", Some("secret"), "sb_secret_other"),
            key("default", Some("secret"), "sb_secret_default"),
            key("default", Some("publishable"), "sb_publishable_default"),
        ],
        ..Known::default()
    }
}

#[test]
fn what_is_secret_stands_as_a_reference_and_is_kept_in_memory() {
    let (texts, kept) = offered(&Known { password: Some("p@ss$word/%".to_owned()), ..known() });
    insta::assert_snapshot!(texts.join("\n"), @r#"
    anon_key: ey.anon
    api_url: https://shop.supabase.co
    database: postgres
    host: db.shop.supabase.co
    password: ${secret:@shop/db/password}
    pooled_host: aws-1-eu.pooler.supabase.com
    pooled_port: 5432
    pooled_url: postgresql://postgres.shop:${secret:@shop/db/password}@aws-1-eu.pooler.supabase.com:5432/postgres
    pooled_user: postgres.shop
    port: 5432
    publishable_key: sb_publishable_default
    ref: shop
    secret_key: ${secret:@shop/db/secret_key}
    service_role_key: ${secret:@shop/db/service_role_key}
    url: postgresql://postgres:${secret:@shop/db/password}@db.shop.supabase.co:5432/postgres
    user: postgres
    "#);
    insta::assert_snapshot!(kept.join("\n"), @r#"
    @shop/db/password: p@ss$word/%
    @shop/db/secret_key: sb_secret_default
    @shop/db/service_role_key: ey.service
    "#);
}

#[test]
fn without_a_password_there_is_none_in_the_urls() {
    let (texts, _) = offered(&Known { keys: vec![], ..known() });
    assert!(
        texts.contains(&"url: postgresql://postgres@db.shop.supabase.co:5432/postgres".to_owned()),
        "{texts:?}"
    );
    assert!(!texts.iter().any(|text| text.starts_with("password")), "{texts:?}");
}

#[test]
fn what_is_odd_in_a_name_stays_within_its_part() {
    let odd = Pooler {
        db_user: "post$gres@x/y".to_owned(),
        db_name: "a?b#c".to_owned(),
        ..pooler("PRIMARY", "transaction", 6543)
    };
    let (texts, _) = offered(&Known { poolers: vec![odd], ..known() });
    let url = "pooled_url: postgresql://post%24gres%40x%2Fy@aws-1-eu.pooler.supabase.com:6543/a%3Fb%23c";
    assert!(texts.contains(&url.to_owned()), "{texts:?}");
    assert!(texts.contains(&"pooled_user: post$$gres@x/y".to_owned()), "{texts:?}");
}

#[test]
fn a_key_that_is_masked_or_of_a_new_kind_is_not_offered() {
    let keys = vec![
        key("default", Some("secret"), "sb_secret_abc······"),
        key("service_role", None, "ey.old"),
        key("anon", Some("something"), "ey.new"),
    ];
    let (texts, kept) = offered(&Known { keys, ..known() });
    assert_eq!(kept, ["@shop/db/service_role_key: ey.old"]);
    assert!(
        !texts.iter().any(|text| text.starts_with("anon_key") || text.starts_with("secret_key")),
        "{texts:?}"
    );
}
