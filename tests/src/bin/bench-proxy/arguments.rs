use crate::tools::Tool;

const USAGE: &str = "\
Usage: ./dev bench proxy [PART...] [--rounds N] [--seconds N] [--connections N,N] [--tools NAME,NAME]

  requests   over kept connections, of 1 KiB and 64 KiB
  close      each over a connection of its own
  bodies     of 1 GiB, in both directions, with a length and in chunks
  websocket  round trips of one connection
  memory     of busy and of idle connections
  routes     that change under load

Without a PART all of them; rounds: 5; seconds, for which each is loaded: 2; connections: 1,64,512;
tools: kinfra,nginx,haproxy,caddy,direct, where direct is the upstream without any proxy.";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Requests,
    Close,
    Bodies,
    Websocket,
    Memory,
    Routes,
}

#[derive(Debug)]
pub struct Arguments {
    pub parts: Vec<Part>,
    pub rounds: usize,
    /// Of load in one measurement.
    pub seconds: u32,
    pub connections: Vec<u32>,
    /// In the order of the table.
    pub tools: Vec<Tool>,
}

impl Arguments {
    /// # Errors
    /// What is wrong, and how it is used.
    pub fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self {
            parts: vec![],
            rounds: 5,
            seconds: 2,
            connections: vec![1, 64, 512],
            tools: Tool::ALL.to_vec(),
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().unwrap_or_default();
            match word.as_str() {
                "requests" => arguments.parts.push(Part::Requests),
                "close" => arguments.parts.push(Part::Close),
                "bodies" => arguments.parts.push(Part::Bodies),
                "websocket" => arguments.parts.push(Part::Websocket),
                "memory" => arguments.parts.push(Part::Memory),
                "routes" => arguments.parts.push(Part::Routes),
                "--rounds" => arguments.rounds = number(&word, &value())?,
                "--seconds" => arguments.seconds = number(&word, &value())?,
                "--connections" => {
                    let list = value();
                    let counts = list.split(',').map(|count| number(&word, count));
                    arguments.connections = counts.collect::<Result<_, _>>()?;
                }
                "--tools" => {
                    let list = value();
                    let named: Vec<&str> = list.split(',').collect();
                    if let Some(name) =
                        named.iter().find(|name| Tool::ALL.iter().all(|tool| tool.word() != **name))
                    {
                        return Err(format!("there is no tool {name:?}\n\n{USAGE}"));
                    }
                    arguments.tools.retain(|tool| named.contains(&tool.word()));
                }
                _ => return Err(format!("{word:?} means nothing here\n\n{USAGE}")),
            }
        }
        if arguments.parts.is_empty() {
            arguments.parts =
                vec![Part::Requests, Part::Close, Part::Bodies, Part::Websocket, Part::Memory, Part::Routes];
        }
        Ok(arguments)
    }
}

fn number<T: std::str::FromStr>(option: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text:?} is no number for {option}\n\n{USAGE}"))
}
