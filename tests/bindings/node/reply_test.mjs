// Answers as async iterators over their text.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Model, Session } from 'phi';
import { ask, folder, nano, openSession, openSlowSession, skipNano } from './support.mjs';

const chat = [{ role: 'user', content: 'Hello' }];
const ignoreEnd = { sampling: { ignoreEnd: true } };

async function collect(reply) {
  const pieces = [];
  for await (const piece of reply) pieces.push(piece);
  return pieces;
}

test('pieces are what the tokens say', async (t) => {
  const session = await openSession(t, ignoreEnd);
  const reply = session.reply(chat, { maxTokens: 20 });
  const pieces = await collect(reply);
  assert.ok(!pieces.includes(''));
  assert.deepEqual([reply.tokens.length, reply.finish], [20, 'length']);
  const model = await Model.open(folder);
  assert.equal(pieces.join(''), model.tokenizer.decode(reply.tokens));
  assert.deepEqual([...session.tokens()], [...model.tokenizer.encodeChat(chat), ...reply.tokens]);
  assert.deepEqual(await collect(reply), []);
  model.close();
});

test('end and stop', async (t) => {
  const session = await openSession(t, ignoreEnd);
  const whole = (await collect(session.reply(chat, { maxTokens: 20 }))).join('');
  const stop = whole.slice(whole.length / 2).slice(0, 3);
  const stopped = session.reply(chat, { stops: [stop], maxTokens: 20 });
  assert.equal((await collect(stopped)).join(''), whole.slice(0, whole.indexOf(stop)));
  assert.equal(stopped.finish, 'stop');
  session.setSampling({ stopTokens: [stopped.tokens[0]] });
  const ended = session.reply(chat);
  assert.deepEqual(await collect(ended), []);
  assert.deepEqual([ended.finish, ended.tokens.length], ['end', 1]);
});

test('generate goes on', async (t) => {
  const session = await openSession(t, ignoreEnd);
  await session.append([11, 22, 33]);
  const text = await collect(session.generate({ maxTokens: 5 }));
  session.rewind(3);
  assert.deepEqual(await collect(session.generate({ maxTokens: 5 })), text);
  assert.deepEqual(await collect(session.generate({ maxTokens: 0 })), []);
});

test('leaving the loop', async (t) => {
  const session = await openSession(t, ignoreEnd);
  for await (const _ of session.reply(chat)) break;
  const held = session.position;
  assert.ok(held > 0);
  await session.next();
  assert.equal(session.position, held + 1);
  const reply = session.reply(chat);
  await reply.next();
  await reply[Symbol.asyncDispose]();
  assert.deepEqual(await reply.next(), { value: undefined, done: true });
});

test('errors', async (t) => {
  const session = await openSession(t, { context: 32, ...ignoreEnd });
  assert.throws(() => session.reply('Hello'), TypeError);
  assert.throws(() => session.reply(chat, { stops: 'STOP' }), TypeError);
  await session.append(new Int32Array(30).fill(1));
  const reply = session.generate();
  await assert.rejects(collect(reply), { code: 'PHI_ERR_CONTEXT_FULL' });
  assert.deepEqual([await collect(reply), reply.finish, reply.tokens.length], [[], null, 2]);
});

test('a signal aborts in the middle of a prompt', async (t) => {
  const session = await openSlowSession(t);
  const long = [{ role: 'user', content: 'word '.repeat(2000) }];
  const timed = session.reply(long, { signal: AbortSignal.timeout(200) });
  await assert.rejects(collect(timed), { name: 'TimeoutError' });
  const reply = session.reply(long);
  setTimeout(() => reply.close(), 200);
  assert.deepEqual(await collect(reply), []);
  assert.equal(reply.finish, null);
  await session.append([1, 2]); // no cancel is left over
  await assert.rejects(collect(session.reply(chat, { signal: AbortSignal.abort() })), {
    name: 'AbortError',
  });
});

test('no cancel is left over, whenever it comes', async (t) => {
  const session = await openSession(t, ignoreEnd);
  for (let delay = 0; delay < 20; ++delay) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), delay / 2);
    await collect(session.reply(chat, { signal: controller.signal })).catch((problem) => {
      assert.ok(problem.name === 'AbortError' || problem.code === 'PHI_ERR_CONTEXT_FULL', problem);
    });
    session.rewind(0);
    await session.append([1]);
  }
});

test('cancelling and closing the session', async (t) => {
  const session = await openSession(t, ignoreEnd);
  const reply = session.reply(chat);
  await reply.next();
  session.cancel();
  await assert.rejects(reply.next(), { code: 'PHI_ERR_CANCELLED' });
  const other = session.reply(chat);
  await other.next();
  session.close();
  await assert.rejects(other.next(), /session is closed/);
  assert.throws(() => session.reply(chat), /tokenizer is closed|session is closed/);
});

test('a conversation with phi-nano', { skip: skipNano }, async (t) => {
  const session = await openSession(t, {}, nano);
  const reply = session.reply(ask);
  const answer = (await collect(reply)).join('');
  assert.equal(reply.finish, 'end');
  assert.match(answer, /85/);
  const held = session.position;
  const more = [
    ...ask,
    { role: 'assistant', content: answer },
    { role: 'user', content: 'Thank you!' },
  ];
  assert.ok((await collect(session.reply(more))).length > 0);
  assert.ok(session.position > held);
});
