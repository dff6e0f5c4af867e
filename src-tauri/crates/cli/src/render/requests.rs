use jiff::tz::TimeZone;
use kinfra_rpc::{RequestRecord, RequestTrouble, ServiceTraffic};

use super::ansi::strip;
use super::palette::{Colour, Palette};
use super::table::{Cell, table};
use super::time::moment;
use super::units::{latency, size};

/// How requests look, one line each: `14:02:11  web  200  12 ms  1.2 KiB  GET /cart`.
#[derive(Debug, Clone)]
pub struct RequestStyle {
    width: usize,
    /// Which host was asked is told as well, as the requests are of several projects.
    with_host: bool,
    palette: Palette,
}

impl RequestStyle {
    /// `services` are those that may appear.
    pub fn new(services: &[String], with_host: bool, palette: Palette) -> Self {
        let width = services.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        Self { width, with_host, palette }
    }

    pub fn line(&self, request: &RequestRecord, now: u64, zone: &TimeZone) -> String {
        let service = request.service.as_deref().unwrap_or("–");
        let colour = match request.status {
            500.. => Some(Colour::Red),
            400..500 => Some(Colour::Yellow),
            _ => None,
        };
        let status = request.status.to_string();
        let status = colour.map_or_else(|| status.clone(), |colour| self.palette.paint(colour, &status));
        let host = if self.with_host { request.host.as_str() } else { "" };
        let public = if request.public { " (public)" } else { "" };
        let trouble = request.trouble.map(|trouble| format!(" · {}", words(trouble))).unwrap_or_default();
        format!(
            "{time}  {service:width$}  {status}  {took:>8}  {sent:>9}  {method} {host}{path}{public}{trouble}",
            time = self.palette.paint(Colour::Grey, &moment(request.at, now, zone)),
            width = self.width,
            took = latency(request.duration_us),
            sent = size(request.sent),
            method = strip(&request.method),
            host = strip(host),
            path = strip(&request.path),
        )
    }
}

/// Why KInfra answered in the service's place, or why an answer broke off.
const fn words(trouble: RequestTrouble) -> &'static str {
    match trouble {
        RequestTrouble::UnknownHost => "no such host",
        RequestTrouble::UnknownPath => "no service takes the path",
        RequestTrouble::NotServing => "not ready",
        RequestTrouble::Maintenance => "maintenance",
        RequestTrouble::Refused => "connection refused",
        RequestTrouble::TimedOut => "timed out",
        RequestTrouble::Reset => "connection closed",
        RequestTrouble::Protocol => "no HTTP",
    }
}

/// The answer to `kinfra traffic`.
pub fn traffic(services: &[ServiceTraffic], palette: Palette) -> String {
    if services.is_empty() {
        return "The proxy leads to none of these services.\n".to_owned();
    }
    let right = |text: String| Cell::number(Some(text));
    let mut rows = vec![vec![
        Cell::heading("SERVICE"),
        Cell::heading_right("REQUESTS"),
        Cell::heading_right("ERRORS"),
        Cell::heading_right("MEDIAN"),
        Cell::heading_right("P95"),
        Cell::heading_right("P99"),
        Cell::heading_right("RECEIVED"),
        Cell::heading_right("SENT"),
    ]];
    rows.extend(services.iter().map(|it| {
        let took =
            |of: fn(&kinfra_rpc::Latency) -> u64| Cell::number(it.latency.as_ref().map(of).map(latency));
        vec![
            Cell::new(&it.service),
            right(it.requests.to_string()),
            right(it.errors.to_string()),
            took(|latency| latency.median_us),
            took(|latency| latency.p95_us),
            took(|latency| latency.p99_us),
            right(size(it.received)),
            right(size(it.sent)),
        ]
    }));
    table(&rows, palette)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_one_line_and_no_name_in_it_moves_the_terminal() {
        let style = RequestStyle::new(&["web".into(), "worker".into()], false, Palette::new(false));
        let request = RequestRecord {
            at: 1_795_410_758_000,
            duration_us: 12_345,
            service: Some("web".into()),
            method: "GET".into(),
            host: "web.shop.localhost".into(),
            path: "/cart\u{1b}[2J".into(),
            status: 502,
            sent: 1234,
            public: true,
            trouble: Some(RequestTrouble::Refused),
            ..RequestRecord::default()
        };
        let line = style.line(&request, request.at, &TimeZone::UTC);
        assert_eq!(
            line,
            "05:12:38  web     502     12 ms    1.2 KiB  GET /cart (public) · connection refused"
        );
        let unknown = RequestRecord { service: None, public: false, trouble: None, ..request };
        let all = RequestStyle { with_host: true, ..style }.line(&unknown, unknown.at, &TimeZone::UTC);
        assert!(all.ends_with("GET web.shop.localhost/cart"), "{all}");
    }

    #[test]
    fn figures_line_up_and_are_dashes_before_the_first_request() {
        let busy = ServiceTraffic {
            service: "web".into(),
            requests: 1512,
            errors: 3,
            received: 900,
            sent: 7 << 20,
            latency: Some(kinfra_rpc::Latency { median_us: 256, p95_us: 4870, p99_us: 1_200_000 }),
        };
        let idle = ServiceTraffic { service: "api".into(), ..ServiceTraffic::default() };
        insta::assert_snapshot!(traffic(&[busy, idle], Palette::new(false)), @r"
        SERVICE  REQUESTS  ERRORS  MEDIAN     P95    P99  RECEIVED     SENT
        web          1512       3  0.3 ms  4.9 ms  1.2 s     900 B  7.0 MiB
        api             0       0       –       –      –       0 B      0 B
        ");
    }
}
