//! A copy of a request's head, to send again.
//!
//! Theory of operation. Nearly every request is kept like this and nearly none is needed, so the copy is made for the
//! former: one piece of memory that is written in order, and that nobody has to look at to drop it. A map of headers
//! would be a dozen places all over, and would keep the client's whole head.

use http::header::HeaderName;
use http::{HeaderValue, Method, Request, Uri, Version};
use http_body::Body;

use crate::request_body::RequestBody;

/// Of a request without a body that does no more when it arrives twice (RFC 9110, 9.2.2).
pub(crate) struct Spare {
    method: Method,
    version: Version,
    /// The target, then names and values in turn; before each, how many bytes it has.
    words: Vec<u8>,
}

impl Spare {
    /// None of a request that may do more when it arrives twice.
    pub(crate) fn of(request: &Request<RequestBody>) -> Option<Self> {
        let method = match *request.method() {
            Method::GET => Method::GET,
            Method::HEAD => Method::HEAD,
            Method::OPTIONS => Method::OPTIONS,
            _ => return None,
        };
        if !request.body().is_end_stream() {
            return None;
        }
        let whole;
        let target = match (request.uri().authority(), request.uri().path_and_query()) {
            (None, Some(target)) => target.as_str(),
            _ => {
                whole = request.uri().to_string();
                &whole
            }
        };
        let of_header =
            |(name, value): (&HeaderName, &HeaderValue)| room(name.as_str().len()) + room(value.len());
        // As much as it takes: with many requests at once it counts how close together all of this lies.
        let mut words =
            Vec::with_capacity(room(target.len()) + request.headers().iter().map(of_header).sum::<usize>());
        put(&mut words, target.as_bytes());
        for (name, value) in request.headers() {
            put(&mut words, name.as_str().as_bytes());
            put(&mut words, value.as_bytes());
        }
        Some(Self { method, version: request.version(), words })
    }

    /// The request, once more.
    pub(crate) fn request(&self) -> Option<Box<Request<RequestBody>>> {
        let mut words = Words(&self.words);
        let mut request = Box::new(Request::new(RequestBody::empty()));
        *request.method_mut() = self.method.clone();
        *request.version_mut() = self.version;
        *request.uri_mut() = Uri::try_from(words.next()?).ok()?;
        while let Some(name) = words.next() {
            let value = HeaderValue::from_bytes(words.next()?).ok()?;
            request.headers_mut().append(HeaderName::from_bytes(name).ok()?, value);
        }
        Some(request)
    }
}

/// What a word of so many bytes takes.
const fn room(length: usize) -> usize {
    size_of::<u32>() + length
}

/// No head is as long as would not fit: that is limited far below.
fn put(words: &mut Vec<u8>, word: &[u8]) {
    words.extend_from_slice(&u32::try_from(word.len()).unwrap_or(u32::MAX).to_ne_bytes());
    words.extend_from_slice(word);
}

struct Words<'a>(&'a [u8]);

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk()?;
        let (word, rest) = rest.split_at_checked(u32::from_ne_bytes(*length) as usize)?;
        self.0 = rest;
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_says_what_the_request_says() {
        for target in ["/a?b=c", "http://web.shop.localhost/a", "*"] {
            let mut request = Request::builder().method(Method::OPTIONS).uri(target).version(Version::HTTP_2);
            for (name, value) in [("cookie", "a=1"), ("x-one", ""), ("x-one", "caf\u{e9}"), ("host", "web")] {
                request = request.header(name, value);
            }
            let request = request.body(RequestBody::empty()).unwrap();
            let copy = Spare::of(&request).unwrap().request().unwrap();
            assert_eq!(
                (copy.method(), copy.uri(), copy.version()),
                (&Method::OPTIONS, request.uri(), Version::HTTP_2)
            );
            assert_eq!(copy.headers(), request.headers());
        }
    }

    #[test]
    fn what_may_do_more_when_it_arrives_twice_has_no_copy() {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let request = Request::builder().method(method).body(RequestBody::empty()).unwrap();
            assert!(Spare::of(&request).is_none());
        }
    }
}
