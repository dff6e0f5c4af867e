use kinfra_rpc::{ErrorCode, Problem};
use proptest::prelude::*;

use super::{Mode, Reference, expand};

fn shown(text: &str, mode: Mode) -> String {
    let lookup = |reference: &Reference| Ok(format!("<{}>", reference.to_string().trim_start_matches('$')));
    expand(text, mode, &lookup).unwrap_or_else(|problem| format!("error: {problem}"))
}

#[test]
fn our_names_are_references_in_both_modes() {
    for name in [
        "services.api.port",
        "services.api.host",
        "services.api.url",
        "services.api.local_url",
        "services.my.api.public_url",
        "services.api.ports.metrics",
        "services.my.api.ports.http",
        "services.ports.port",
        "services.ports.ports.ports",
        "resources.db.url",
        "secret:cloud/token",
        "project.name",
        "project.slug",
        "project.folder",
        "instance.name",
        "instance.slug",
    ] {
        for mode in [Mode::Setting, Mode::Run] {
            assert_eq!(shown(&format!("a${{{name}}}b"), mode), format!("a<{{{name}}}>b"));
        }
    }
}

#[test]
fn a_bare_name_is_the_environments_in_a_setting_and_the_shells_in_run() {
    assert_eq!(shown("${HOME}/x", Mode::Setting), "<{HOME}>/x");
    assert_eq!(shown("${HOME}/x", Mode::Run), "${HOME}/x");
}

#[test]
fn shell_text_stays_as_it_is() {
    for text in [
        "echo $HOME ${HOME:-/root} $(date) `date` $1 $? $",
        "echo ${secret:-none} ${secret:=x} ${secret}",
        "awk '{print $1}' ${unclosed",
        "echo ${x:-${y}}",
    ] {
        assert_eq!(shown(text, Mode::Run), text);
    }
}

#[test]
fn two_dollar_signs_are_one() {
    for mode in [Mode::Setting, Mode::Run] {
        assert_eq!(shown("$$ $${project.name} $$$$", mode), "$ ${project.name} $$");
        assert_eq!(shown("$$${project.name}", mode), "$<{project.name}>");
    }
    assert_eq!(shown("cost: $5 $x", Mode::Setting), "cost: $5 $x");
}

#[test]
fn a_reference_that_is_none_says_what_would_be_right() {
    insta::assert_snapshot!(shown("${services.api.prot}", Mode::Run), @r"
    error: `${services.api.prot}`: there is no attribute `prot`
      hint: did you mean `port`?
    ");
    insta::assert_snapshot!(shown("${services.api}", Mode::Setting), @r"
    error: `${services.api}` names no attribute
      hint: write `${services.NAME.ATTRIBUTE}`, for example `${services.api.url}`
    ");
    insta::assert_snapshot!(shown("${HOME:-x}", Mode::Setting), @r"
    error: `${HOME:-x}` refers to nothing that KInfra knows
      hint: known: `${services.NAME.url}`, `${secret:NAME}`, `${project.name}`, `${instance.slug}` and `${VARIABLE}`; a dollar sign itself is written `$$`
    ");
    insta::assert_snapshot!(shown("${project.title}", Mode::Setting), @"
    error: `${project.title}`: there is no attribute `title`
      hint: known: name, slug, folder
    ");
    insta::assert_snapshot!(shown("a ${HOME", Mode::Setting), @"
    error: `${HOME` has no closing `}`
      hint: a dollar sign itself is written `$$`
    ");
}

#[test]
fn a_refused_reference_ends_the_expansion() {
    let lookup = |_: &Reference| Err(Problem::new(ErrorCode::UnknownService, "no"));
    let problem = expand("x ${services.api.url}", Mode::Run, &lookup).unwrap_err();
    assert_eq!(problem.code, ErrorCode::UnknownService);
}

proptest! {
    #[test]
    fn text_without_our_names_reaches_the_shell_unchanged(text in "[a-z {}()$:.'\"\\\\;|&-]{0,60}") {
        let ours = ["$$", "${services.", "${resources.", "${project.", "${instance.", "${secret:"];
        if ours.iter().any(|own| text.contains(own)) {
            return Ok(());
        }
        prop_assert_eq!(shown(&text, Mode::Run), text);
    }

    #[test]
    fn no_text_makes_the_grammar_panic(text in r"(\$\{?|[}.:é]|services|api|project|\PC){0,30}") {
        shown(&text, Mode::Run);
        shown(&text, Mode::Setting);
    }

    #[test]
    fn doubled_dollar_signs_give_back_any_text(text in "\\PC{0,60}") {
        let doubled = text.replace('$', "$$");
        prop_assert_eq!(shown(&doubled, Mode::Run), text.clone());
        prop_assert_eq!(shown(&doubled, Mode::Setting), text);
    }
}
