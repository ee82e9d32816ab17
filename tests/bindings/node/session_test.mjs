// Sessions: prompts, logits, sampling, cancelling, the event loop.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Model, PhiError, Session, Tokenizer } from 'phi';
import {
  folder,
  lookAtThread,
  openSession,
  openSlowSession,
  skipThreads,
  slowPrompt,
  waitForWorker,
} from './support.mjs';

const prompt = [11, 22, 33, 44, 55];
const fails = (code, message = /./) => ({ name: 'PhiError', code, message });
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test('tokens', async (t) => {
  const session = await openSession(t);
  assert.deepEqual([session.position, session.tokens().length], [0, 0]);
  await session.append(prompt);
  const { token, end } = await session.next();
  assert.equal(typeof end, 'boolean');
  assert.deepEqual([...session.tokens()], [...prompt, token]);
  session.rewind(2);
  assert.deepEqual([...session.tokens()], prompt.slice(0, 2));
  await session.append(Int32Array.from(prompt.slice(2)));
  assert.equal((await session.next()).token, token);
});

test('chat', async (t) => {
  const session = await openSession(t);
  const tokenizer = await Tokenizer.open(folder);
  const chat = [{ role: 'user', content: 'Grüße' }];
  await session.appendChat(chat);
  assert.deepEqual(session.tokens(), tokenizer.encodeChat(chat));
  tokenizer.close();
});

test('errors', async (t) => {
  const session = await openSession(t, { context: 16 });
  await assert.rejects(session.next(), fails('PHI_ERR_INVALID_ARGUMENT'));
  await assert.rejects(session.append(new Int32Array(17)), fails('PHI_ERR_CONTEXT_FULL'));
  await assert.rejects(session.append([1, -1]), fails('PHI_ERR_OUT_OF_RANGE'));
  await assert.rejects(session.append('text'), TypeError);
  assert.throws(() => session.rewind(1), fails('PHI_ERR_OUT_OF_RANGE'));
  assert.throws(() => session.rewind(-1), RangeError);
  assert.throws(() => session.rewind(2 ** 32), RangeError);
  await assert.rejects(openSession(t, { context: 100_000 }), PhiError);
  await assert.rejects(openSession(t, { kv: 'int7' }), TypeError);
  assert.equal(session.position, 0);
});

test('sampling', async (t) => {
  const draw = async (sampling) => {
    const session = await openSession(t, { sampling });
    await session.append(prompt);
    const tokens = [];
    while (tokens.length < 12) tokens.push((await session.next()).token);
    return tokens;
  };
  const greedy = await draw({ ignoreEnd: true });
  const drawn = await draw({ temperature: 5, seed: 1, ignoreEnd: true });
  assert.notDeepEqual(greedy, drawn);
  assert.deepEqual(drawn, await draw({ temperature: 5, seed: 1n, ignoreEnd: true }));
  assert.notDeepEqual(drawn, await draw({ temperature: 5, seed: 2n ** 63n, ignoreEnd: true }));
  const forbidden = await draw({
    bias: new Map([
      [greedy[0], -Infinity],
      [3, 0.5],
    ]),
  });
  assert.ok(!forbidden.includes(greedy[0]));
  assert.deepEqual((await draw({ bias: [[7, 1e9]] })).slice(0, 3), [7, 7, 7]);

  const session = await openSession(t, { sampling: { stopTokens: [greedy[0]] } });
  await session.append(prompt);
  assert.deepEqual(await session.next(), { token: greedy[0], end: true });
  session.rewind(prompt.length);
  session.setSampling();
  assert.deepEqual(await session.next(), { token: greedy[0], end: false });
  assert.throws(
    () => session.setSampling({ temperature: -1 }),
    fails('PHI_ERR_INVALID_ARGUMENT', /temperature/),
  );
  assert.throws(() => session.setSampling({ seed: -1 }), RangeError);
  assert.throws(() => session.setSampling({ seed: 2n ** 64n }), RangeError);
  assert.throws(() => session.setSampling({ topK: 'many' }), TypeError);
});

test('options', async (t) => {
  for (const kv of ['bf16', 'f32', 'int8']) {
    const session = await openSession(t, { kv, threads: 1, precision: 'fast', context: 64 });
    await session.append(prompt);
    assert.ok((await session.next()).token >= 0);
  }
});

test('thread options', { skip: skipThreads }, async (t) => {
  const low = Math.min(lookAtThread(process.pid).nice + 10, 19);
  const choices = [
    [{}, () => true],
    [{ pin: 'cores' }, ({ pinned }) => pinned],
    [{ priority: 'low' }, ({ nice }) => nice === low],
    [{ priority: 'idle' }, ({ idle }) => idle],
  ];
  const answers = [];
  for (const [options, isExpected] of choices) {
    const session = await openSession(t, { threads: 2, ...options });
    waitForWorker(isExpected);
    await session.append(prompt);
    const tokens = [];
    while (tokens.length < 8) tokens.push((await session.next()).token);
    answers.push(tokens);
  }
  for (const answer of answers) assert.deepEqual(answer, answers[0]);
  await assert.rejects(openSession(t, { pin: 'core' }), /pin: 'core' is none of none, cores/);
  await assert.rejects(openSession(t, { priority: 2 }), /'2' is none of normal, low, idle/);
});

test('logits', async (t) => {
  const session = await openSession(t);
  const rows = await session.appendLogits(prompt);
  assert.ok(rows instanceof Float32Array);
  assert.equal(rows.length, prompt.length * 1003);
  const last = await session.logits();
  assert.ok(last instanceof Float32Array);
  assert.deepEqual(last, rows.slice(-1003));
  const best = last.indexOf(Math.max(...last));
  assert.equal((await session.next()).token, best);
  await session.append([1]);
  await session.logits();
  assert.deepEqual(last, rows.slice(-1003)); // a copy stays
  assert.equal((await session.appendLogits([])).length, 0);
});

test('free in any order', async () => {
  const model = await Model.open(folder);
  const [first, second] = [await Session.create(model), await Session.create(model)];
  await first.append(prompt);
  model.close();
  const { token } = await first.next();
  first.close();
  first.close();
  first.cancel(); // nothing to cancel any more
  await second.append(prompt);
  assert.equal((await second.next()).token, token);
  await assert.rejects(first.next(), /session is closed/);
  assert.throws(() => first.position, /session is closed/);
  assert.throws(() => first.tokens(), /session is closed/);
  second[Symbol.dispose]();
});

test('the event loop runs during a long prompt', async (t) => {
  const session = await openSlowSession(t);
  let ticks = 0;
  const timer = setInterval(() => ++ticks, 5);
  await session.append(slowPrompt.subarray(0, 200));
  clearInterval(timer);
  assert.ok(ticks > 10, `${ticks} ticks`);
});

test('cancel', async (t) => {
  const session = await openSlowSession(t);
  session.cancel();
  await assert.rejects(session.append([1]), fails('PHI_ERR_CANCELLED'));
  setTimeout(() => session.cancel(), 200);
  await assert.rejects(session.append(slowPrompt), fails('PHI_ERR_CANCELLED'));
  assert.equal(session.position, 0);
  await session.append([1, 2]);
});

test('a signal cancels', async (t) => {
  const session = await openSlowSession(t);
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 200);
  await assert.rejects(session.append(slowPrompt, { signal: controller.signal }), {
    name: 'AbortError',
  });
  await assert.rejects(session.append([1], { signal: controller.signal }), { name: 'AbortError' });
  await assert.rejects(
    session.appendLogits(slowPrompt.subarray(0, 2000), { signal: AbortSignal.timeout(100) }),
    { name: 'TimeoutError' },
  );
  await session.append([1, 2]); // no cancel is left over
  assert.equal(session.position, 2);
});

test('closing under a running call', async (t) => {
  const session = await openSlowSession(t);
  const running = session.append(slowPrompt);
  await wait(100);
  session.close();
  await assert.rejects(running, fails('PHI_ERR_CANCELLED'));
  await assert.rejects(session.append([1]), /session is closed/);
});

test('one call at a time', async (t) => {
  const session = await openSlowSession(t);
  const running = session.append(slowPrompt);
  await assert.rejects(session.next(), /session is in use/);
  assert.throws(() => session.position, /session is in use/);
  session.cancel();
  await assert.rejects(running, fails('PHI_ERR_CANCELLED'));
});

test('progress', async (t) => {
  const seen = [];
  const session = await openSlowSession(t, { progress: (done) => seen.push(done) < 3 });
  await assert.rejects(session.append(slowPrompt), fails('PHI_ERR_CANCELLED'));
  assert.equal(seen.length, 3);
  const calls = [];
  const other = await openSlowSession(t, {
    progress: () => {
      if (calls.push(1) === 1) throw new Error('mine');
    },
  });
  await assert.rejects(other.append(slowPrompt), /mine/);
  assert.equal(calls.length, 1);
  await other.append([1]);
});

test('sessions side by side', async (t) => {
  const model = await Model.open(folder);
  const answers = await Promise.all(
    [1, 2, 3, 4].map(async () => {
      const session = await Session.create(model, { threads: 1 });
      t.after(() => session.close());
      await session.append(prompt);
      const tokens = [];
      while (tokens.length < 10) tokens.push((await session.next()).token);
      return tokens.join();
    }),
  );
  assert.equal(new Set(answers).size, 1);
  model.close();
});
