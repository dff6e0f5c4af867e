const USAGE: &str = "\
Usage: ./dev bench processes [PART...] [--rounds N] [--services N,N]

  start     of many services, until all are healthy
  restart   from the kill of one to its successor
  lines     two million lines of one service
  idle      processor and memory while nothing happens

Without a PART all of them, which takes about an hour; rounds: 5; services: what each part is for.";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Start,
    Restart,
    Lines,
    Idle,
}

#[derive(Debug)]
pub struct Arguments {
    pub parts: Vec<Part>,
    pub rounds: usize,
    /// In place of those that a part measures by default.
    services: Option<Vec<u16>>,
}

impl Arguments {
    /// # Errors
    /// What is wrong, and how it is used.
    pub fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self { parts: vec![], rounds: 5, services: None };
        while let Some(word) = words.next() {
            match word.as_str() {
                "start" => arguments.parts.push(Part::Start),
                "restart" => arguments.parts.push(Part::Restart),
                "lines" => arguments.parts.push(Part::Lines),
                "idle" => arguments.parts.push(Part::Idle),
                "--rounds" => arguments.rounds = value(&word, words.next().as_deref())?,
                "--services" => {
                    let list = words.next().unwrap_or_default();
                    let counts = list.split(',').map(|count| value(&word, Some(count)));
                    arguments.services = Some(counts.collect::<Result<_, _>>()?);
                }
                _ => return Err(format!("{word:?} means nothing here\n\n{USAGE}")),
            }
        }
        if arguments.parts.is_empty() {
            arguments.parts = vec![Part::Start, Part::Restart, Part::Lines, Part::Idle];
        }
        Ok(arguments)
    }

    /// How many services to measure with, one after the other.
    pub fn services(&self, default: &[u16]) -> Vec<u16> {
        self.services.clone().unwrap_or_else(|| default.to_vec())
    }
}

fn value<T: std::str::FromStr>(option: &str, text: Option<&str>) -> Result<T, String> {
    let text = text.unwrap_or_default();
    text.parse().map_err(|_| format!("{text:?} is no number for {option}\n\n{USAGE}"))
}
