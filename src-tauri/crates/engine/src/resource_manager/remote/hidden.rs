use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kinfra_rpc::Problem;

/// In the place of a secret.
const SHOWN: &str = "***";

/// The secrets that are sent, which nothing that an API answers may bring into a message.
#[derive(Default)]
pub struct Hidden(Vec<String>);

impl Hidden {
    /// Finds the secrets that a text refers to.
    ///
    /// # Errors
    /// When one can't be had.
    pub fn look_at(
        &mut self,
        text: &str,
        expand: &dyn Fn(&str) -> Result<String, Problem>,
    ) -> Result<(), Problem> {
        for reference in references(text) {
            self.add(&expand(reference)?);
        }
        Ok(())
    }

    /// As it is, and as `Basic` and JSON write it.
    pub fn add(&mut self, secret: &str) {
        if secret.is_empty() {
            return;
        }
        let as_json = serde_json::Value::from(secret).to_string();
        let forms = [secret.to_owned(), as_json.trim_matches('"').to_owned(), STANDARD.encode(secret)];
        self.0.extend(forms.into_iter().filter(|form| !form.is_empty()));
        // What another one is part of goes first.
        self.0.sort_by_key(|form| std::cmp::Reverse(form.len()));
        self.0.dedup();
    }

    pub fn any(&self) -> bool {
        !self.0.is_empty()
    }

    pub fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, SHOWN))
    }
}

/// `${secret:x}` and the like, each as it stands in the text.
pub fn references(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("${secret:").filter_map(|(at, _)| {
        let rest = &text[at..];
        rest.find('}').map(|end| &rest[..=end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_repeats_of_a_secret_is_not_shown() {
        let mut hidden = Hidden::default();
        let expand = |text: &str| Ok(text.replace("${secret:api}", "s3\"cr3t"));
        hidden.look_at("user=me&key=${secret:api}", &expand).unwrap();
        hidden.add("me:pw");
        let text = format!("bad s3\"cr3t, {{\"key\":\"s3\\\"cr3t\"}}, {}", STANDARD.encode("me:pw"));
        assert_eq!(hidden.hide(&text), "bad ***, {\"key\":\"***\"}, ***");
        assert_eq!(
            references("a ${secret:x}${env:Y} ${secret:z}").collect::<Vec<_>>(),
            ["${secret:x}", "${secret:z}"]
        );
    }
}
