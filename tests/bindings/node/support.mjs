// What the tests of the Node package share.

import {
  closeSync,
  copyFileSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Model, Session } from 'phi';

export const root = process.env.PHI_ROOT;
export const nano = join(root, 'examples/phi-nano/phi-nano.phi');
export const folder = join(root, 'tests/golden/data/c1_phi4');
export const gguf = join(root, 'tests/golden/data/gguf/g1_phi4/g1_phi4-Q8_0.gguf');
export const skipNano = existsSync(nano) ? false : 'no phi-nano.phi';
export const ask = [{ role: 'user', content: 'What is 47 + 38?' }];
export const slowPrompt = new Int32Array(7900).fill(1);

export const scratch = mkdtempSync(join(tmpdir(), 'phi-node-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** A session with the small model; closed by the test `t`. */
export async function openSession(t, options = {}, path = folder) {
  const model = await Model.open(path);
  const session = await Session.create(model, options);
  t.after(() => {
    session.close();
    model.close();
  });
  return session;
}

export const openSlowSession = (t, options = {}) =>
  openSession(t, { context: 8000, ...options }, writeSlowModel(join(scratch, 'slow')));

export const skipThreads = process.platform === 'linux' ? false : 'looks at threads of Linux';

/** A thread of this process: its nice value, whether it is SCHED_IDLE, stays on one processor. */
export function lookAtThread(task) {
  const read = (file) => readFileSync(`/proc/self/task/${task}/${file}`, 'utf8');
  const stat = read('stat');
  // The second field is a name in parentheses, which may have blanks inside.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [niceField, policyField, schedIdle] = [19, 41, '5']; // fields counted from 1
  return {
    name: read('comm'),
    nice: Number(fields[niceField - 3]),
    idle: fields[policyField - 3] === schedIdle,
    pinned: /^Cpus_allowed_list:\s*\d+$/m.test(read('status')),
  };
}

/** Waits for a worker of the library that `isExpected`: it sets itself up after it is made. */
export function waitForWorker(isExpected) {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    for (const task of readdirSync('/proc/self/task')) {
      try {
        const thread = lookAtThread(task);
        if (thread.name.startsWith('phi-worker-') && isExpected(thread)) return;
      } catch (error) {
        if (!['ENOENT', 'ESRCH'].includes(error.code)) throw error; // it has ended meanwhile
      }
    }
  }
  throw new Error('no such worker');
}

/** A model of zeros that takes its time: a long context, a wide MLP. Sparse on disk. */
export function writeSlowModel(target) {
  if (existsSync(target)) return target;
  const [hidden, inner, layers, context] = [256, 4096, 8, 8192];
  const config = {
    ...JSON.parse(readFileSync(join(folder, 'config.json'))),
    hidden_size: hidden,
    intermediate_size: inner,
    num_hidden_layers: layers,
    max_position_embeddings: context,
    original_max_position_embeddings: context,
  };
  const vocab = config.vocab_size;
  const kv = (hidden / config.num_attention_heads) * config.num_key_value_heads;
  const shapes = {
    'lm_head.weight': [vocab, hidden],
    'model.embed_tokens.weight': [vocab, hidden],
    'model.norm.weight': [hidden],
  };
  for (let layer = 0; layer < layers; ++layer) {
    const prefix = `model.layers.${layer}`;
    shapes[`${prefix}.input_layernorm.weight`] = [hidden];
    shapes[`${prefix}.post_attention_layernorm.weight`] = [hidden];
    shapes[`${prefix}.self_attn.qkv_proj.weight`] = [hidden + 2 * kv, hidden];
    shapes[`${prefix}.self_attn.o_proj.weight`] = [hidden, hidden];
    shapes[`${prefix}.mlp.gate_up_proj.weight`] = [2 * inner, hidden];
    shapes[`${prefix}.mlp.down_proj.weight`] = [hidden, inner];
  }
  let end = 0;
  const header = {};
  for (const [name, shape] of Object.entries(shapes)) {
    const begin = end;
    end += 4 * shape.reduce((product, length) => product * length);
    header[name] = { dtype: 'F32', shape, data_offsets: [begin, end] };
  }
  const json = JSON.stringify(header);
  const text = json.padEnd(Math.ceil(json.length / 8) * 8);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));

  mkdirSync(target);
  writeFileSync(join(target, 'config.json'), JSON.stringify(config));
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
    copyFileSync(join(folder, name), join(target, name));
  }
  const file = openSync(join(target, 'model.safetensors'), 'w');
  writeSync(file, Buffer.concat([size, Buffer.from(text)]));
  ftruncateSync(file, 8 + text.length + end);
  closeSync(file);
  return target;
}
