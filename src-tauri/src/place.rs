//! Where the window opens, as the fragment of its page's address: `ui/src/lib/state/place.ts` reads it.

use kinfra_rpc::ActOnResource;
use tauri::Url;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Project(String),
    Resource {
        project: String,
        resource: String,
    },
    /// Where its user is asked before something is done with a resource. To open the window there does nothing yet.
    Question {
        act: ActOnResource,
        label: &'static str,
        question: String,
    },
}

impl Place {
    #[must_use]
    pub fn fragment(&self) -> String {
        let parts: Vec<(&str, &str)> = match self {
            Self::Project(project) => vec![("project", project)],
            Self::Resource { project, resource } => vec![("project", project), ("resource", resource)],
            Self::Question { act, label, question } => vec![
                ("project", &act.project),
                ("resource", &act.resource),
                ("action", &act.action),
                ("label", label),
                ("question", question),
            ],
        };
        // Only for the rules by which a query is written.
        let Ok(mut url) = Url::parse("kinfra://window") else { return String::new() };
        url.query_pairs_mut().extend_pairs(parts);
        url.query().unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_as_the_window_reads_it() {
        assert_eq!(Place::Project("shop-fix".into()).fragment(), "project=shop-fix");
        let resource = Place::Resource { project: "shop".into(), resource: "db".into() };
        assert_eq!(resource.fragment(), "project=shop&resource=db");
        let act = ActOnResource {
            project: "shop".into(),
            resource: "site".into(),
            action: "pause".into(),
            ..ActOnResource::default()
        };
        let question = "Pause R&D # 1 at Vercel? 50 % ü".to_owned();
        // The test of `place.ts` reads the same.
        assert_eq!(
            Place::Question { act, label: "Pause", question }.fragment(),
            "project=shop&resource=site&action=pause&label=Pause\
             &question=Pause+R%26D+%23+1+at+Vercel%3F+50+%25+%C3%BC"
        );
    }
}
