/// What a secret is called that is made up for a resource of a project. The same for every folder of the project: each
/// has data of its own, and a password that is the same for all is one to remember.
#[must_use]
pub(super) fn secret_name(project: &str, resource: &str, secret: &str) -> String {
    let name = format!("{project}/{resource}/{secret}");
    // A name begins with a letter.
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) { name } else { format!("project-{name}") }
}
