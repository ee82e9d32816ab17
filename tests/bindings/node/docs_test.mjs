// The README and the examples, run as they stand; the types, checked.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import * as phi from 'phi';
import { nano, root, scratch, skipNano } from './support.mjs';

const app = fileURLToPath(new URL('.', import.meta.url));
const readme = readFileSync(join(app, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);
const declarations = readFileSync(join(app, 'node_modules/phi/index.d.ts'), 'utf8');

function runModule(code) {
  // From a file of the app, so that its packages are found; in the root, so that its models are.
  const file = join(app, 'readme_block.mjs');
  writeFileSync(file, code);
  return spawnSync(process.execPath, [file], { encoding: 'utf8', cwd: root });
}

test('the quickstart runs', { skip: skipNano }, () => {
  const { status, stdout, stderr } = runModule(blocks[0]);
  assert.deepEqual([status, stderr], [0, '']);
  assert.match(stdout, /85/);
});

test('the other blocks run', { skip: skipNano }, () => {
  const [stopping, logits, errors, ...rest] = blocks.slice(1);
  assert.equal(rest.length, 0);
  const opening = `
    import { Model, PhiError, Session } from 'phi';
    const model = await Model.open('examples/phi-nano/phi-nano.phi');
    const session = await Session.create(model);\n`;
  const { status, stdout, stderr } = runModule(
    opening + stopping + logits + errors.replace(/^import .*$/m, ''),
  );
  assert.deepEqual([status, stderr], [0, '']);
  assert.match(stdout, /(end|stop|length) \d+\n/);
  assert.match(stdout, /\n[3-9] \d+\nPHI_ERR_NOT_FOUND -20 /);
});

test('the table names what there is, and types too', () => {
  const table = readme.slice(readme.indexOf('## Calls'), readme.indexOf('## Stopping'));
  const words = new Set(table.match(/\w+/g));
  for (const [name, value] of Object.entries(phi)) {
    assert.match(declarations, new RegExp(`export (class|const|function) ${name}\\b`));
    if (name !== 'PhiError') assert.ok(words.has(name), name);
    if (typeof value !== 'function' || !value.prototype) continue;
    const members = [
      ...Object.getOwnPropertyNames(value.prototype),
      ...Object.getOwnPropertyNames(value),
    ].filter(
      (member) =>
        !['constructor', 'length', 'name', 'prototype', 'ofModel', 'return'].includes(member),
    );
    for (const member of members) {
      assert.match(declarations, new RegExp(`\\b${member}\\b`), `${name}.${member}`);
      assert.ok(words.has(member), `${name}.${member} in the table`);
    }
  }
  for (const [, name] of declarations.matchAll(/export (?:class|const|function) (\w+)/g)) {
    assert.ok(name in phi, name);
  }
});

const tsc = join(app, 'node_modules/typescript/bin/tsc');
test(
  'TypeScript accepts what it should, and only that',
  { skip: !existsSync(tsc) && 'no TypeScript' },
  () => {
    const file = join(app, 'types_check.ts');
    writeFileSync(
      file,
      `
    import { Model, PhiError, Session, Status, TextStream, type Message, type ModelInfo } from 'phi';
    const chat: Message[] = [{ role: 'user', content: 'Hello' }];
    const model = await Model.open('model', { weights: 'int4', progress: (done) => done < 0.5 });
    const info: ModelInfo = model.info;
    using session = await Session.create(model, { context: 64, sampling: { seed: 1n, bias: [[1, 2]] } });
    for await (const text of session.reply(chat, { stops: ['a'], signal: AbortSignal.timeout(1) })) {
      text.toUpperCase();
    }
    const rows: Float32Array = await session.appendLogits(new Int32Array(2));
    const { token, end }: { token: number; end: boolean } = await session.next();
    const stream = new TextStream(model.tokenizer, { stops: ['x'] });
    const shown: string = stream.push(token);
    try { session.rewind(0); } catch (error) {
      if (error instanceof PhiError && error.status === Status.ERR_OUT_OF_RANGE) error.code.length;
    }
    // @ts-expect-error: no such weights
    await Model.open('model', { weights: 'int5' });
    // @ts-expect-error: sessions are created
    new Session();
    // @ts-expect-error: messages are an array
    session.reply('Hello');
    export { end, info, rows, shown };
  `,
    );
    const options = [
      '--noEmit',
      '--strict',
      '--target',
      'esnext',
      '--module',
      'nodenext',
      '--types',
      'node',
    ];
    const { status, stdout } = spawnSync(process.execPath, [tsc, ...options, file], {
      encoding: 'utf8',
      cwd: app,
    });
    assert.equal(status, 0, stdout);
  },
);

test('examples are listed', () => {
  for (const name of readdirSync(join(app, 'examples'))) {
    assert.ok(readme.includes(`examples/${name}`), name);
    assert.ok(readFileSync(join(app, 'examples', name), 'utf8').split('\n').length < 200);
  }
});

test('the chat', { skip: skipNano }, () => {
  const run = (input, model = nano) =>
    spawnSync(process.execPath, [join(app, 'examples/chat.js'), model], {
      encoding: 'utf8',
      input,
    });
  const { status, stdout, stderr } = run('What is 47 + 38?\nHello\n\n');
  assert.deepEqual([status, stderr], [0, '']);
  assert.match(stdout, /85/);
  assert.equal(stdout.match(/> /g).length, 3);
  assert.match(
    run(`${'word '.repeat(1000)}\nWhat is 47 + 38?\n`).stdout,
    /starts again\)\n> .*85/s,
  );
  const missing = run('', 'no/such/model');
  assert.equal(missing.status, 1);
  assert.match(missing.stderr, /^chat\.js: .*no\/such\/model/);
});

test('the server', { skip: skipNano }, async (t) => {
  const server = spawn(process.execPath, [join(app, 'examples/server.js'), nano, '0']);
  t.after(() => server.kill());
  const [line] = await once(server.stdout.setEncoding('utf8'), 'data');
  const url = line.trim();
  const post = (body, options) => fetch(url, { method: 'POST', body, ...options });
  const chat = JSON.stringify({ messages: [{ role: 'user', content: 'What is 47 + 38?' }] });

  const response = await post(chat);
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  const events = (await response.text()).split('\n\n').filter(Boolean);
  assert.match(events.at(-1), /^event: done\ndata: \{"finish":"end","tokens":\d+\}$/);
  const text = events.slice(0, -1).map((event) => JSON.parse(event.slice('data: '.length)).text);
  assert.ok(text.length > 3);
  assert.match(text.join(''), /85/);

  const hangUp = new AbortController();
  const cut = await post(chat, { signal: hangUp.signal });
  await cut.body.getReader().read();
  hangUp.abort();
  const both = await Promise.all([post(chat), post(chat)]);
  for (const answer of both) assert.match(await answer.text(), /event: done/);
  assert.equal((await post('no JSON')).status, 400);
  assert.equal((await post('{"messages": "Hello"}')).status, 400);
  assert.equal((await fetch(url)).status, 404);
  assert.equal(
    (await post(JSON.stringify({ messages: [{ role: 'user', content: 'x '.repeat(2 ** 20) }] })))
      .status,
    400,
  );
  assert.match(await (await post(chat)).text(), /event: done/);
});
