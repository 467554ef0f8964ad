import { corrupt, look, nothing, rows } from './rows.js'
import { done, missing, Scripted } from './scripted.js'

/** Tasks of stages that were sent together: `*` writes an output. */
rows('pipelined stages', [
  [
    'are sent at once',
    nothing,
    (s) => s.group({ 1: 'w* r', 2: 'x* q' }),
    'pin w#0; pin r#0; dispatch 1: w#0 r#0; pin x#0; pin q#0; dispatch 2: x#0 q#0; timer look 250',
  ],
  [
    'all is done',
    (s) => s.group({ 1: 'w* r' }),
    (s) => s.answer(1),
    'release w#0; settle w done; release r#0; settle r done; round now',
  ],
  [
    'a reader did not find its input',
    (s) => s.group({ 1: 'w* r' }),
    (s) => s.answer(1, 'done', 'stale'),
    'release w#0; settle w done; release r#0; plan r; pin r#1; round soon; round now; dispatch 1: r#1',
  ],
  [
    'a writer dies: its readers elsewhere stop waiting',
    (s) => s.group({ 1: 'w*', 2: 'r' }),
    (s) => [...s.lose(1), ...s.turn()],
    'abandon w#0; plan w; pin w#1; round soon; round soon; dispatch 2: w#1',
  ],
  [
    'the answer of a writer cannot be decoded',
    (s) => s.group({ 1: 'w*' }),
    (s) => s.answer(1, 'unreadable'),
    'abandon w#0; release w#0; discard 9 of 1; emit taskRetried; plan w; pin w#1; round soon; round now; dispatch 1: w#1',
  ],
  [
    'the thread is dead already',
    (s) => s.lose(2),
    (s) => [...s.group({ 1: 'w*', 2: 'r' }), ...s.turn()],
    'pin w#0; dispatch 1: w#0; pin r#0; abandon r#0; release r#0; plan r; pin r#1; round soon; timer look 250; dispatch 1: r#1',
  ],
  [
    'the block of another thread is corrupt',
    (s) => s.group({ 1: 'r' }),
    (s) => s.answer(1, corrupt({ block: 5 })),
    'release r#0; drop block 5; plan r; pin r#1; round soon; round now; dispatch 1: r#1',
  ],
])

/** Thread 3 is cold: it took the slot of thread 1. Threads 2 and 4 are warm. */
const withCold = () => {
  const s = new Scripted({ policy: { allows: () => true } }).ready(1, 2, 4)
  s.lose(1)
  s.post({ type: 'ThreadReady', thread: 3, slot: 0, cold: true })
  return s
}
const inBatches = (s: Scripted, name: string) => {
  for (const [i, time] of [1000, 2000].entries()) {
    s.run(`${name}${i}`, { job: s.job(4, time) })
    s.answer(1)
  }
}

rows(
  'an idle thread runs copies of tasks that a cold thread is slow at',
  [
    [
      'once it has nothing of its own',
      nothing,
      (s) => [...s.run('a'), ...s.turn()],
      'plan a; pin a#0; round soon; dispatch 3: a#0; plan a for 2; pin a#1; emit taskSpeculated; round soon; timer look 250; dispatch 2: a#1',
    ],
    [
      'the first result counts',
      (s) => {
        s.run('a')
        s.turn()
      },
      (s) => [...s.answer(2), ...s.answer(3, 'dropped')],
      'release a#1; settle a done; round now; release a#0; discard 7 of 3; emit resultDropped; round now',
    ],
    [
      'the cold thread dies: its copy is the attempt now',
      (s) => {
        s.run('a')
        s.turn()
      },
      (s) => s.lose(3),
      'round soon',
    ],
    [
      'the copy cannot be planned',
      nothing,
      (s) => s.run('a', { plans: [undefined as never, missing()] }),
      'plan a; pin a#0; round soon; dispatch 3: a#0; plan a for 2; timer look 250',
    ],
    [
      'not of tasks with state',
      nothing,
      (s) => [...s.run('a', { stateful: true }), ...s.turn()],
      'plan a; pin a#0; round soon; dispatch 3: a#0; timer look 250',
    ],
    [
      'not while memory is short',
      (s) => {
        s.run('a b c d')
        s.memory = 'wait'
        s.turn()
      },
      (s) => s.answer(2),
      'release b#0; settle b done; round now',
    ],
    [
      'not once the thread has run the program some times',
      (s) => {
        for (let i = 0; i < 4; i++) {
          s.run(`x${i}`)
          s.turn()
          s.answer(3)
        }
        for (const t of [2, 4]) while (s.sentTo(t).length > 0) s.answer(t, 'dropped')
      },
      (s) => [...s.run('a'), ...s.turn()],
      'plan a; pin a#0; round soon; dispatch 3: a#0',
    ],
  ],
  withCold,
)

rows(
  'an idle thread runs a second attempt at a straggler',
  [
    [
      'when most of its stage is done',
      (s) => {
        s.run('a b c d')
        s.now = 10
        for (const t of [1, 2, 1]) s.answer(t)
      },
      (s) => [...look(s, 500, { 2: 1 }), ...s.turn()],
      'timer look 25; round now; plan d for 1; pin d#1; emit taskSpeculated; round soon; dispatch 1: d#1',
    ],
    [
      'not before',
      (s) => {
        s.run('a b c d')
        s.now = 10
        s.answer(1)
      },
      (s) => look(s, 500, { 2: 1 }),
      'timer look 25; round now',
    ],
    [
      'not of tasks with state',
      (s) => {
        s.run('a b c d', { stateful: true })
        s.now = 10
        for (const t of [1, 2, 1]) s.answer(t)
      },
      (s) => look(s, 500, { 2: 1 }),
      'timer look 25; round now',
    ],
  ],
  () => new Scripted({ speculation: { multiplier: 3, quantile: 0.75, minMs: 100 } }).ready(1, 2),
)

rows(
  'a spare warms up while nothing runs',
  [
    [
      'inputs of a program that comes again are kept',
      (s) => {
        s.run('a', { job: s.job(4, 1000) })
        s.answer(1)
        s.run('b', { job: s.job(4, 2000) })
      },
      (s) => s.answer(1),
      'pin b~#0; release b#0; settle b done; round now; timer quiet 4',
    ],
    [
      'a copy runs when it has been quiet for a moment',
      (s) => inBatches(s, 'a'),
      (s) => s.post({ type: 'QuietDue' }),
      'pin a1~#0; dispatch 9: a1~#0',
    ],
    [
      'not if a task runs again',
      (s) => {
        inBatches(s, 'a')
        s.run('b')
      },
      (s) => s.post({ type: 'QuietDue' }),
      '',
    ],
    [
      'what the copy wrote is freed',
      (s) => {
        inBatches(s, 'a')
        s.post({ type: 'QuietDue' })
      },
      (s) => s.answer(9, done(1, [7])),
      'release a1~#0; discard 7; round now; timer quiet 4',
    ],
    [
      'the copy throws: no more of that program',
      (s) => {
        inBatches(s, 'a')
        s.post({ type: 'QuietDue' })
      },
      (s) => s.answer(9, 'threw'),
      'release a1~#0; release a1~#0; round now',
    ],
    [
      'the copy ends its thread: no more of that program',
      (s) => {
        inBatches(s, 'a')
        s.post({ type: 'QuietDue' })
      },
      (s) => s.lose(9, 'exit', 1),
      'release a1~#0; round soon',
    ],
    [
      'the spare is killed meanwhile: the next one needs the inputs',
      (s) => {
        inBatches(s, 'a')
        s.post({ type: 'QuietDue' })
      },
      (s) => s.lose(9),
      'round soon',
    ],
    [
      'a task comes while a copy runs: it waits for no spare',
      (s) => {
        inBatches(s, 'a')
        s.post({ type: 'QuietDue' })
      },
      (s) => s.run('b'),
      'plan b; pin b#0; round soon; dispatch 1: b#0',
    ],
    [
      'memory is short: the inputs go',
      (s) => inBatches(s, 'a'),
      (s) => s.post({ type: 'MemoryShort' }),
      'release a1~#0',
    ],
    [
      'memory is short: none are kept',
      (s) => {
        s.mayKeepInputs = false
        s.run('a', { job: s.job(4, 1000) })
        s.answer(1)
        s.run('b', { job: s.job(4, 2000) })
      },
      (s) => s.answer(1),
      'release b#0; settle b done; round now',
    ],
    [
      'it is warm',
      (s) => {
        inBatches(s, 'a')
        for (let i = 0; i < 8; i++) {
          s.post({ type: 'QuietDue' })
          s.answer(9)
        }
      },
      (s) => s.post({ type: 'QuietDue' }),
      'emit threadWarmedUp; release a1~#0',
    ],
    ['the context is closed', (s) => inBatches(s, 'a'), (s) => s.post({ type: 'Closed' }), 'release a1~#0'],
  ],
  () => {
    const s = new Scripted({ policy: { allows: () => true }, warmUp: true }).ready(1, 2)
    s.post({ type: 'ThreadReady', thread: 9, slot: -1, cold: true })
    return s
  },
)
