import { ThreadLostError } from '#build/errors.js'
import { busy, ended, look, nothing, rows } from './rows.js'

rows('a thread is lost', [
  ['idle', nothing, (s) => s.lose(1), 'round soon'],
  [
    'twice',
    (s) => {
      busy(s)
      s.lose(1)
    },
    (s) => s.lose(1),
    '',
  ],
  [
    'killed, with a task: that task goes to another thread, its pins stay',
    busy,
    (s) => [...s.lose(1), ...s.turn()],
    'plan a; pin a#1; round soon; round soon; dispatch 2: a#1',
  ],
  [
    'it exits: nothing can touch what its tasks read',
    (s) => {
      busy(s)
      s.lose(1)
    },
    (s) => s.post({ type: 'ThreadExited', thread: 1 }),
    'release a#0',
  ],
  [
    'it exits twice',
    (s) => {
      busy(s)
      s.lose(1)
      s.post({ type: 'ThreadExited', thread: 1 })
    },
    (s) => s.post({ type: 'ThreadExited', thread: 1 }),
    '',
  ],
  [
    'by its task, which counts against the task',
    busy,
    (s) => s.lose(1, 'exit'),
    'emit taskRetried; plan a; pin a#1; round soon; round soon',
  ],
  [
    'by its task, as often as allowed',
    (s) => s.run('a', { job: s.job(1) }),
    (s) => s.lose(1, 'out-of-memory'),
    'settle a task failed; round soon',
  ],
  [
    'by timeout, with a message ahead: only the running task is at fault',
    (s) => s.run('a b c d', { job: s.job(1) }),
    (s) => s.lose(1, 'timeout', 1),
    'settle a task failed; plan c; pin c#1; round soon; round soon',
  ],
  [
    'by the task of its second message, whose death is seen before the answer to the first',
    (s) => s.run('a b c d', { job: s.job(1) }),
    (s) => s.lose(1, 'exit', 2),
    'plan a; pin a#1; round soon; settle c task failed; round soon',
  ],
  [
    'by the second task of a message',
    (s) => {
      s.run('a b', { job: s.job(1) })
      s.answer(1, 'quick')
      s.answer(2, 'quick')
      s.run('c d e f', { job: s.job(1) })
    },
    (s) => s.lose(1, 'uncaught', 2),
    'plan c; pin c#1; round soon; settle d task failed; round soon',
  ],
  [
    'tasks wait for it: any thread may run them now',
    (s) => s.run('a b c', { pinned: 1, stateful: true }),
    (s) => [...s.lose(1), ...s.turn()],
    'release c#0; plan a; pin a#1; round soon; plan b; pin b#1; round soon; plan c; pin c#1; round soon; round soon; dispatch 2: a#1; dispatch 2: b#1',
  ],
  ['its job has ended', (s) => ended(s), (s) => s.lose(1), 'settle a job cancelled; round soon'],
  [
    'the context is closed',
    (s) => {
      busy(s)
      s.post({ type: 'Closed' })
    },
    (s) => s.lose(1, 'closed'),
    'settle a job cancelled; round soon',
  ],
  ['the pool is closed, the scheduler not yet', busy, (s) => s.lose(1, 'closed'), 'settle a job cancelled; round soon'],
  [
    'both, one after the other: all tasks wait',
    (s) => {
      busy(s)
      s.lose(1)
      s.turn()
    },
    (s) => [...s.lose(2), ...s.turn()],
    'plan b; pin b#1; round soon; plan a; pin a#2; round soon; round soon',
  ],
  [
    'all, and one comes',
    (s) => {
      busy(s)
      s.lose(1)
      s.lose(2)
      s.turn()
    },
    (s) => [...s.post({ type: 'ThreadReady', thread: 3, slot: 0, cold: true }), ...s.turn()],
    'round soon; dispatch 3: a#1; dispatch 3: b#1',
  ],
  [
    'all, and none can be started',
    (s) => {
      busy(s)
      s.lose(1)
      s.lose(2)
      s.turn()
    },
    (s) => s.post({ type: 'Stranded', loss: new ThreadLostError('boot', 'no module', { details: {} }) }),
    'release a#1; settle a task failed; release b#1; settle b task failed',
  ],
  [
    'a budget of kills from outside ends as well',
    (s) => {
      s.run('a')
      for (let i = 0; i < 99; i++) {
        s.lose(1)
        s.ready(1)
        s.lose(2)
        s.ready(1)
        s.turn()
      }
    },
    (s) => s.lose(1),
    'settle a task failed; round soon',
  ],
])

rows('a thread comes', [
  [
    'and takes what waits',
    (s) => {
      s.lose(1)
      s.lose(2)
      s.run('a')
    },
    (s) => [...s.post({ type: 'ThreadReady', thread: 3, slot: 0, cold: true }), ...s.turn()],
    'round soon; dispatch 3: a#0; timer look 250',
  ],
  [
    'as the spare: it takes no tasks',
    (s) => {
      s.lose(1)
      s.lose(2)
      s.run('a')
    },
    (s) => [...s.post({ type: 'ThreadReady', thread: 3, slot: -1, cold: true }), ...s.turn()],
    'round soon',
  ],
  [
    'the spare takes the slot of a dead thread, in the same turn',
    (s) => {
      s.post({ type: 'ThreadReady', thread: 3, slot: -1, cold: true })
      s.run('a b')
      s.lose(1)
    },
    (s) => [...s.post({ type: 'ThreadPromoted', thread: 3, slot: 0 }), ...s.turn()],
    'round soon; dispatch 3: a#1',
  ],
  [
    'a thread in slot 0 goes first, whenever it came',
    (s) => {
      s.lose(1)
      s.post({ type: 'ThreadReady', thread: 9, slot: 0, cold: false })
    },
    (s) => s.run('a'),
    'plan a; pin a#0; round soon; dispatch 9: a#0; timer look 250',
  ],
])

rows('a message cannot be sent', [
  [
    'one task of it cannot be written',
    (s) => {
      s.run('a b')
      s.answer(1, 'quick')
      s.answer(2, 'quick')
      s.run('c d e f')
    },
    (s) =>
      s.post({
        type: 'SendFailed',
        thread: 1,
        attempts: [s.sentTo(1)[0]![0]!],
        error: new Error('no value'),
        whole: false,
      }),
    'release c#0; settle c no value; round soon',
  ],
  [
    'all of it: the thread has missed what else was in it',
    busy,
    (s) =>
      s.post({
        type: 'SendFailed',
        thread: 1,
        attempts: s.sentTo(1)[0]!,
        error: new Error('not cloneable'),
        whole: true,
      }),
    'release a#0; settle a not cloneable; terminate 1 terminated; round soon',
  ],
  [
    'the thread was lost before',
    busy,
    (s) => {
      const [attempts] = s.sentTo(1)
      s.lose(1)
      return s.post({ type: 'SendFailed', thread: 1, attempts: attempts!, error: new Error('late'), whole: true })
    },
    '',
  ],
])

rows('a job ends', [
  [
    'with its result: its waiting copies are released',
    (s) => {
      const job = s.job()
      s.run('a b c', { job })
      s.tasks.set('job', s.newTask('j', { job }))
    },
    (s) => s.post({ type: 'JobEnded', job: s.tasks.get('job')!.spec.job, succeeded: true }),
    'release c#0; settle c job cancelled',
  ],
  [
    'with an error: what runs is cancelled',
    (s) => {
      const job = s.job()
      s.run('a b c', { job })
      s.tasks.set('job', s.newTask('j', { job }))
    },
    (s) => s.post({ type: 'JobEnded', job: s.tasks.get('job')!.spec.job, succeeded: false }),
    'release c#0; settle c job cancelled; cancel 1 job 0; cancel 2 job 0',
  ],
  [
    'another job runs on',
    (s) => {
      s.run('a', { job: s.job() })
      const job = s.job()
      s.run('b c', { job })
      s.tasks.set('job', s.newTask('j', { job }))
    },
    (s) => s.post({ type: 'JobEnded', job: s.tasks.get('job')!.spec.job, succeeded: false }),
    'release c#0; settle c job cancelled; cancel 2 job 1',
  ],
  [
    'the context is closed',
    (s) => {
      s.run('a b c')
    },
    (s) => s.post({ type: 'Closed' }),
    'release c#0; settle c job cancelled; cancel 1 job 0; cancel 2 job 0',
  ],
])

rows('time passes', [
  ['a task makes progress', busy, (s) => look(s, 1000, { 1: 5, 2: 5 }), 'timer look 250; round now'],
  [
    'a task stands still, but not long enough',
    (s) => {
      busy(s)
      for (const at of [250, 500, 750]) look(s, at, {})
    },
    (s) => look(s, 1000, {}),
    'timer look 250; round now',
  ],
  [
    'a task stands still for the timeout',
    (s) => {
      busy(s)
      for (const at of [250, 500, 750, 1000, 1250]) look(s, at, { 2: at })
    },
    (s) => look(s, 1500, { 2: 1500 }),
    'timer look 250; terminate 1 timeout; round now',
  ],
  [
    'the process itself stood still',
    (s) => {
      busy(s)
      look(s, 250, {})
    },
    (s) => look(s, 3_600_000, {}),
    'timer look 250; round now',
  ],
  [
    'another task runs now',
    (s) => {
      s.run('a b c d')
      for (const at of [250, 500, 750, 1000]) look(s, at, {})
      s.answer(1)
      s.answer(2)
    },
    (s) => look(s, 1300, {}),
    'timer look 250; round now',
  ],
  [
    'nothing runs any more',
    (s) => {
      busy(s)
      s.answer(1)
      s.answer(2)
    },
    (s) => look(s, 250, {}),
    '',
  ],
])
