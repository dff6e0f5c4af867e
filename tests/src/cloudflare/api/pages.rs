use serde_json::{Value, json};

use crate::cloudflare::call::Call;
use crate::cloudflare::reply::Outcome;

/// The part of a list that was asked for.
pub(super) fn page(call: &Call, all: &[Value], usual: usize, most: usize) -> Outcome {
    let number = |name: &str| call.asked(name).and_then(|text| text.parse::<usize>().ok());
    let per_page = number("per_page").unwrap_or(usual).clamp(1, most);
    let page = number("page").unwrap_or(1).max(1);
    let result: Vec<&Value> = all.iter().skip((page - 1).saturating_mul(per_page)).take(per_page).collect();
    let info = json!({
        "page": page,
        "per_page": per_page,
        "count": result.len(),
        "total_count": all.len(),
        "total_pages": all.len().div_ceil(per_page),
    });
    Outcome { result: json!(result), info: Some(info), messages: Vec::new() }
}
