use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::Docker;

impl Docker {
    /// Sees that the image that a template of ours names is there, by the same name and tag, and gives that.
    ///
    /// # Panics
    /// When there is no such template, or its image can't be packed.
    #[track_caller]
    pub fn need(&self, template: &str) -> String {
        let image = image_of(template);
        self.load(template, &image);
        image
    }

    /// An image of `tests/fixtures/images`, by this name.
    #[track_caller]
    pub(super) fn load(&self, name: &str, image: &str) {
        self.succeed(&["load", "--quiet", "--input", &archive(name)]);
        self.succeed(&["tag", &format!("kinfra-test/{name}"), image]);
    }
}

/// Packs it where that was not done yet.
fn archive(name: &str) -> String {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut build = Command::new(tests.join("fixtures/images/build"));
    build.arg(name).arg(tests.join("../target/images")).stdin(Stdio::null());
    let output = build.output().unwrap_or_else(|error| panic!("the image {name} can't be packed: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the image {name} can't be packed: {said}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn image_of(template: &str) -> String {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/crates/engine/src/templates/builtin");
    let path = folder.join(format!("{template}.yaml"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file: Value =
        serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let say = |pointer: &str| {
        let found = file.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("{} has no text at {pointer}", path.display()))
    };
    let image = say("/variants/docker/resource/image");
    image.replace("${parameter.version}", say("/parameters/version/default"))
}
