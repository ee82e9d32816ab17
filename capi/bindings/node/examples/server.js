// A small web server that streams answers.   usage: node server.js [MODEL [PORT]]
//
// POST /chat with {"messages": [{"role": "user", "content": "..."}]} answers with server-sent events:
// data: {"text": "..."} for each piece, then event: done. Who hangs up stops the generation.
//   curl -N localhost:8080/chat -d '{"messages": [{"role": "user", "content": "What is 47 + 38?"}]}'

import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Model, Session } from 'phi';

const phiNano = new URL('../../../../examples/phi-nano/phi-nano.phi', import.meta.url);
const maxBody = 1 << 20;
const maxTokens = 500;

async function readJson(request) {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk;
    if (body.length > maxBody) throw new RangeError('the request is too long');
  }
  return JSON.parse(body);
}

/** A session answers one request at a time; each that is free waits here for the next request. */
class SessionPool {
  #free = [];
  #model;
  constructor(model) {
    this.#model = model;
  }
  async with(work) {
    const session = this.#free.pop() ?? (await Session.create(this.#model, { threads: 1 }));
    try {
      return await work(session);
    } finally {
      this.#free.push(session);
    }
  }
}

function send(response, data, event) {
  response.write(`${event ? `event: ${event}\n` : ''}data: ${JSON.stringify(data)}\n\n`);
}

async function answer(session, messages, response) {
  const hangUp = new AbortController();
  response.on('close', () => hangUp.abort());
  const reply = session.reply(messages, { maxTokens, signal: hangUp.signal });
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  try {
    for await (const text of reply) send(response, { text });
    send(response, { finish: reply.finish, tokens: reply.tokens.length }, 'done');
  } catch (problem) {
    if (problem.name !== 'AbortError') send(response, { message: problem.message }, 'error');
  }
  response.end();
}

async function handle(request, response, pool) {
  if (request.method !== 'POST' || request.url !== '/chat') {
    response.writeHead(404).end('POST /chat\n');
    return;
  }
  try {
    const { messages } = await readJson(request);
    await pool.with((session) => answer(session, messages, response));
  } catch (problem) {
    if (response.headersSent) response.end();
    else response.writeHead(400).end(`${problem.message}\n`);
  }
}

const model = await Model.open(process.argv[2] ?? fileURLToPath(phiNano));
const pool = new SessionPool(model);
const server = createServer((request, response) => handle(request, response, pool));
server.listen(Number(process.argv[3] ?? 8080), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/chat`);
});
