// Opening, describing and converting models; tokenizers; the shared library itself.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { Model, PhiError, Session, Status, TextStream, Tokenizer } from 'phi';
import { folder, gguf, root, scratch, skipThreads, waitForWorker } from './support.mjs';

const fails = (code, message = /./) => ({ name: 'PhiError', code, message });

test('info', async () => {
  const model = await Model.open(folder);
  const { info } = model;
  assert.deepEqual(
    [info.architecture, info.layers, info.hidden, info.heads, info.kvHeads, info.vocabSize],
    ['phi3', 3, 64, 4, 2, 1003],
  );
  assert.equal(info.weights, 'as-stored');
  assert.equal(info.weightBytes, 4 * info.parameters);
  model.close();
});

test('options reach the library', async () => {
  const model = await Model.open(folder, {
    weights: 'int8',
    threads: 1,
    isa: 'base',
    repack: 'never',
  });
  assert.equal(model.info.weights, 'int8');
  model[Symbol.dispose]();
  await assert.rejects(
    Model.open(folder, { memoryLimitBytes: 1000 }),
    fails('PHI_ERR_OVER_BUDGET'),
  );
  await assert.rejects(
    Model.open(folder, { memoryLimitBytes: 1000n }),
    fails('PHI_ERR_OVER_BUDGET'),
  );
  await assert.rejects(
    Model.open(folder, { threads: -1 }),
    fails('PHI_ERR_OUT_OF_RANGE', /threads/),
  );
  await assert.rejects(Model.open(folder, { threads: 2 ** 40 }), RangeError);
  await assert.rejects(Model.open(folder, { threads: 1.5 }), TypeError);
  await assert.rejects(Model.open(folder, { weights: 'int7' }), /'int7' is none of as-stored, f32/);
});

test('threads that load', { skip: skipThreads }, async () => {
  let calls = 0;
  const progress = () => {
    ++calls;
    waitForWorker(({ idle, pinned }) => idle && pinned);
  };
  const options = { threads: 2, pin: 'cores', priority: 'idle', progress };
  (await Model.open(folder, options)).close();
  assert.ok(calls > 0);
});

test('errors', async () => {
  await assert.rejects(Model.open('no/such/model.gguf'), (error) => {
    assert.ok(error instanceof PhiError && error instanceof Error);
    assert.equal(error.status, Status.ERR_NOT_FOUND);
    assert.equal(error.code, 'PHI_ERR_NOT_FOUND');
    assert.match(error.message, /no\/such\/model\.gguf/);
    return true;
  });
  await assert.rejects(Model.open(join(root, 'LICENSE')), fails('PHI_ERR_BAD_FORMAT'));
  await assert.rejects(Model.open('a\0b'), /NUL/);
  await assert.rejects(Model.open(7), TypeError);
});

test('a path of any letters', async () => {
  const path = join(scratch, 'модель 🙂.gguf');
  copyFileSync(gguf, path);
  const model = await Model.open(path);
  assert.equal(model.info.architecture, 'phi3');
  model.close();
});

test('a model in memory', async () => {
  let data = new Uint8Array(readFileSync(gguf));
  const model = await Model.openMemory(data);
  data = null;
  const session = await Session.create(model);
  const stream = new TextStream(model.tokenizer);
  model.close();
  global.gc();
  await session.append([1, 2, 3]);
  assert.equal(typeof stream.push((await session.next()).token), 'string');
  session.close();
  stream.close();
  await assert.rejects(Model.openMemory(Buffer.from('no model')), PhiError);
  await assert.rejects(Model.openMemory('text'), TypeError);
});

test('convert and estimate', async () => {
  const packed = join(scratch, 'packed.phi');
  await Model.convert(folder, packed, { weights: 'int8' });
  const model = await Model.open(packed);
  const small = await Model.estimate(packed, {}, { context: 128 });
  const large = await Model.estimate(packed, {}, { context: 512 });
  assert.equal(small.total, small.weights + small.cache + small.scratch);
  assert.equal(4 * small.cache, large.cache);
  assert.equal(small.weights, model.info.weightBytes);
  model.close();
});

test('progress and log', async () => {
  const [seen, lines] = [[], []];
  const model = await Model.open(folder, {
    weights: 'int8',
    progress: (done) => {
      seen.push(done);
    },
    log: (level, line) => {
      lines.push([level, line]);
    },
  });
  model.close();
  assert.ok(seen.length > 0 && seen.every((done) => done >= 0 && done <= 1));
  assert.ok(lines.length > 0);
  assert.ok(lines.every(([level, line]) => /debug|info|warning/.test(level) && line.length > 0));
});

test('cancelling a load', async () => {
  await assert.rejects(
    Model.open(folder, { weights: 'int8', progress: () => false }),
    fails('PHI_ERR_CANCELLED'),
  );
  const controller = new AbortController();
  const progress = () => controller.abort(new Error('mine'));
  await assert.rejects(
    Model.open(folder, { weights: 'int8', progress, signal: controller.signal }).then((model) => {
      model.close();
      throw new Error('too quick to be cancelled');
    }),
    /mine|too quick/,
  );
  await assert.rejects(
    Model.open(folder, { signal: AbortSignal.abort(new Error('mine')) }),
    /mine/,
  );
});

test('what a callback throws comes out', async () => {
  const fail = () => {
    throw new Error('from the callback');
  };
  for (const options of [{ progress: fail }, { log: fail }]) {
    await assert.rejects(Model.open(folder, { weights: 'int8', ...options }), /from the callback/);
  }
});

test('close', async () => {
  const model = await Model.open(folder);
  const { tokenizer } = model;
  model.close();
  model.close();
  assert.throws(() => model.info, /model is closed/);
  assert.throws(() => tokenizer.encode('a'), /tokenizer is closed/);
  await assert.rejects(Session.create(model), /model is closed/);
});

test('what is forgotten is freed', async () => {
  // The bytes are kept until model, session and stream are freed, all of which nobody closes here.
  const open = async () => {
    const data = new Uint8Array(readFileSync(gguf));
    const model = await Model.openMemory(data);
    const session = await Session.create(model, { progress: () => true });
    await session.append([1, 2]);
    new TextStream(model.tokenizer).push(1);
    return new WeakRef(data);
  };
  const data = await open();
  for (let tries = 0; tries < 100 && data.deref(); ++tries) {
    await new Promise((resolve) => setTimeout(resolve, 10)); // deref() keeps it until then
    global.gc();
  }
  assert.equal(data.deref(), undefined);
});

test('tokens as the reference has them', async (t) => {
  const tokenizer = await Tokenizer.open(folder);
  t.after(() => tokenizer.close());
  const { tokenizer: cases } = JSON.parse(readFileSync(join(folder, 'golden.json')));
  assert.ok(cases.length > 3);
  for (const { text, ids } of cases) {
    assert.deepEqual([...tokenizer.encode(text, { parseSpecials: true })], ids, text);
  }
});

test('text survives', async (t) => {
  const tokenizer = await Tokenizer.open(folder);
  t.after(() => tokenizer.close());
  const huge = 'Once upon a time, 世界. '.repeat(50_000);
  for (const text of ['', 'a', 'Grüße, 世界 🙂', 'NUL \0 inside', ' \n\t ', huge]) {
    assert.equal(tokenizer.decode(tokenizer.encode(text)), text);
  }
  assert.equal(tokenizer.decode(tokenizer.encode('\ud800')), '\ufffd');
  const ids = tokenizer.encode('one two three');
  for (const kind of [ids, [...ids], new Set(ids), ids.values()]) {
    assert.equal(typeof tokenizer.decode(kind), 'string');
  }
  for (const wrong of ['text', 7, [1.5], [2 ** 40], ['1'], null]) {
    assert.throws(
      () => tokenizer.decode(wrong),
      (error) => error instanceof TypeError || error instanceof RangeError,
    );
  }
  assert.throws(() => tokenizer.decode([1_000_000]), fails('PHI_ERR_OUT_OF_RANGE'));
  assert.throws(() => tokenizer.encode(7), TypeError);
  const [end] = tokenizer.info.end;
  const spelled = tokenizer.decode([end], { keepSpecials: true });
  assert.deepEqual([...tokenizer.encode(spelled, { parseSpecials: true })], [end]);
  assert.ok(!tokenizer.encode(spelled).includes(end));
});

test('chats', async (t) => {
  const tokenizer = await Tokenizer.open(folder);
  t.after(() => tokenizer.close());
  const messages = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Grüße, 世界' },
  ];
  const rendered = tokenizer.renderChat(messages);
  assert.ok(rendered.includes('Grüße, 世界'));
  assert.ok(rendered.startsWith(tokenizer.renderChat(messages, { addGenerationPrompt: false })));
  assert.equal(tokenizer.decode(tokenizer.encodeChat(messages), { keepSpecials: true }), rendered);
  assert.equal(tokenizer.renderChatJson({ messages, add_generation_prompt: true }), rendered);
  for (const wrong of [
    'Hello',
    {},
    [{ role: 'user' }],
    [{ content: 'x' }],
    [{ role: 'a\0', content: '' }],
  ]) {
    assert.throws(() => tokenizer.encodeChat(wrong), TypeError);
  }
});

test('streams of text', async (t) => {
  const tokenizer = await Tokenizer.open(folder);
  const text = 'Grüße, 世界 🙂';
  const stream = new TextStream(tokenizer, { stops: ['STOP', 'end'] });
  const pieces = Array.from(tokenizer.encode(text), (token) => stream.push(token));
  assert.equal(pieces.join('') + stream.flush(), text);
  assert.ok(!pieces.join('').includes('\ufffd'));
  const shown = Array.from(tokenizer.encode('one STOP two'), (token) => stream.push(token)).join(
    '',
  );
  assert.equal(shown, 'one ');
  assert.equal(stream.stopped, true);
  assert.equal(stream.flush(), '');
  assert.equal(stream.stopped, false);
  for (const token of [-1, 1_000_000]) {
    assert.throws(() => stream.push(token), fails('PHI_ERR_OUT_OF_RANGE'));
  }
  assert.throws(() => stream.push(2 ** 40), RangeError);
  assert.throws(() => new TextStream(tokenizer, { stops: 'STOP' }), TypeError);
  assert.throws(
    () => new TextStream(tokenizer, { stops: [''] }),
    fails('PHI_ERR_INVALID_ARGUMENT'),
  );
  const tokens = tokenizer.encode('one');
  tokenizer.close();
  assert.equal(Array.from(tokens, (token) => stream.push(token)).join('') + stream.flush(), 'one');
  stream.close();
  stream.close();
  assert.throws(() => stream.push(1), /text stream is closed/);
});

test('how the library is found', () => {
  const { PHI_LIBRARY: library, ...environment } = process.env;
  const run = (program, more) => {
    const args = ['--input-type=module', '-e', program];
    const { stdout, stderr } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      env: { ...environment, ...more },
    });
    return stdout.trim() || stderr;
  };
  const show = "import { loadLibrary } from 'phi'; console.log(loadLibrary())";
  assert.equal(run(show, { PHI_LIBRARY: library }), library);
  assert.equal(run(show.replace('loadLibrary()', `loadLibrary('${library}')`)), library);
  symlinkSync(library, join(scratch, 'libphi.so.1'));
  assert.equal(run(show, { LD_LIBRARY_PATH: scratch }), 'libphi.so.1');
  assert.match(
    run(show, { PHI_LIBRARY: '/no/such.so' }),
    /libphi cannot be loaded.*\/no\/such\.so/,
  );
  assert.match(run(show.replace('loadLibrary()', "loadLibrary('libc.so.6')")), /too old/);
});

test('a program may end with everything open', () => {
  const program = `
    import { Model, Session, TextStream } from 'phi';
    const model = await Model.open(${JSON.stringify(folder)});
    const session = await Session.create(model, { progress: () => true });
    await session.append([1, 2]);
    const stream = new TextStream(model.tokenizer);
    const { value } = await session.generate({ maxTokens: 2 }).next();
    console.log(value.length > 0);`;
  const args = ['--input-type=module', '-e', program];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.deepEqual([status, stderr, stdout], [0, '', 'true\n']);
});
