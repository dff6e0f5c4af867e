//! The local proxy before real servers, asked by real clients: development servers, a browser, curl, WebSocket, gRPC.

mod bodies;
mod connections;
mod curl;
mod django;
mod ends;
mod grpc;
mod next;
mod pages;
mod public;
mod responses;
mod served;
mod streaming;
mod tunnel;
mod vite;
mod websockets;
