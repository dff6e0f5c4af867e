use std::collections::HashMap;

use bollard::Docker;
use bollard::models::{CreateImageInfo, ProgressDetail};
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::StreamExt;
use kinfra_rpc::Problem;

use super::errors;
use crate::resource_manager::Progress;

pub async fn pull(client: &Docker, image: &str, progress: &dyn Progress) -> Result<(), Problem> {
    progress.tell(format!("fetching {image}"));
    let doing = format!("fetch the image {image}");
    let (name, tag) = split(image);
    let options = CreateImageOptionsBuilder::default().from_image(name).tag(tag).build();
    let mut steps = client.create_image(Some(options), None, None);
    let mut layers = Layers::default();
    while let Some(step) = steps.next().await {
        let step = step.map_err(|error| errors::problem(&doing, &error))?;
        if let Some(percent) = layers.hear(&step) {
            progress.tell(format!("fetching {image}, {percent} %"));
        }
    }
    Ok(())
}

/// Without a tag an engine would fetch all that there are.
fn split(image: &str) -> (&str, &str) {
    if let Some((name, digest)) = image.split_once('@') {
        return (name, digest);
    }
    // A colon before a slash is one of a registry's port.
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    }
}

/// How far the layers of an image are. How large one is is known only when its turn comes, so that a sum can shrink:
/// what was told once is not taken back.
#[derive(Debug, Default)]
struct Layers {
    /// Current and total.
    loading: HashMap<String, (i64, i64)>,
    told: i64,
}

impl Layers {
    /// The percentage, where it is another one.
    fn hear(&mut self, step: &CreateImageInfo) -> Option<i64> {
        let layer = step.id.as_ref()?;
        match (step.status.as_deref()?, &step.progress_detail) {
            ("Downloading", Some(ProgressDetail { current: Some(current), total: Some(total), .. })) => {
                self.loading.insert(layer.clone(), (*current, *total));
            }
            ("Download complete" | "Pull complete", _) => {
                let known = self.loading.get_mut(layer)?;
                known.0 = known.1;
            }
            _ => return None,
        }
        let (current, total) =
            self.loading.values().fold((0, 0), |sum, layer| (sum.0 + layer.0, sum.1 + layer.1));
        let percent = (current * 100).checked_div(total)?;
        (percent > self.told).then(|| {
            self.told = percent;
            percent
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_tag_is_fetched() {
        assert_eq!(split("redis"), ("redis", "latest"));
        assert_eq!(split("redis:7.4-alpine"), ("redis", "7.4-alpine"));
        assert_eq!(split("box:5000/mine/app"), ("box:5000/mine/app", "latest"));
        assert_eq!(split("box:5000/mine/app:2"), ("box:5000/mine/app", "2"));
        assert_eq!(split("redis@sha256:ab"), ("redis", "sha256:ab"));
    }

    #[test]
    fn progress_is_told_once_for_each_percent_and_never_backwards() {
        let step = |id: &str, status: &str, current, total| CreateImageInfo {
            id: Some(id.to_owned()),
            status: Some(status.to_owned()),
            progress_detail: Some(ProgressDetail { current: Some(current), total: Some(total) }),
            ..CreateImageInfo::default()
        };
        let mut layers = Layers::default();
        assert_eq!(layers.hear(&step("7.4", "Pulling from library/redis", 0, 0)), None);
        assert_eq!(layers.hear(&step("a", "Downloading", 40, 100)), Some(40));
        assert_eq!(layers.hear(&step("a", "Downloading", 40, 100)), None);
        assert_eq!(layers.hear(&step("b", "Downloading", 10, 900)), None);
        assert_eq!(layers.hear(&step("b", "Downloading", 500, 900)), Some(54));
        assert_eq!(layers.hear(&step("a", "Download complete", 0, 0)), Some(60));
        assert_eq!(layers.hear(&step("b", "Pull complete", 0, 0)), Some(100));
    }
}
