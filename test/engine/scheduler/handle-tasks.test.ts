import { FileChangedError, MemoryLimitError } from '#build/errors.js'
import { busy, corrupt, ended, nothing, rows } from './rows.js'
import { done, failed, missing } from './scripted.js'

const full = new MemoryLimitError('full', {})
const changed = failed(new FileChangedError('changed', { details: { path: '/a' } }))
const file = (leftOut: unknown) =>
  [{ input: 0, rdd: 0, partition: 0, files: { reads: { leaveOut: () => leftOut }, ranges: [{ path: '/a' }] } }] as never

rows('a task is submitted', [
  [
    'it is planned, pinned, and sent at the end of the turn',
    nothing,
    (s) => s.submit('a'),
    'plan a; pin a#0; round soon',
  ],
  [
    'tasks of one turn are sent in one round',
    (s) => {
      s.submit('a')
      s.submit('b')
    },
    (s) => s.turn(),
    'dispatch 1: a#0; dispatch 2: b#0; timer look 250',
  ],
  [
    'the job has ended',
    (s) => void s.tasks.set('x', s.newTask('x', { job: ended(s) })),
    (s) => s.post({ type: 'TaskSubmitted', task: s.tasks.get('x')! }),
    'settle x job cancelled',
  ],
  ['the context is closed', (s) => s.post({ type: 'Closed' }), (s) => s.submit('a'), 'settle a job cancelled'],
  ['shuffles are missing', nothing, (s) => s.submit('a', { plans: [missing()] }), 'plan a; settle a missing'],
  [
    'the plan throws',
    nothing,
    (s) => s.submit('a', { plans: [{ error: new Error('no plan') }] }),
    'plan a; settle a no plan',
  ],
  [
    'there is no thread',
    (s) => {
      s.lose(1)
      s.lose(2)
    },
    (s) => s.run('a'),
    'plan a; pin a#0; round soon',
  ],
])

rows('a round', [
  [
    'one task a thread, and one ahead where enough are left for all',
    nothing,
    (s) => s.run('a b c d e'),
    'plan a; pin a#0; round soon; plan b; pin b#0; round soon; plan c; pin c#0; round soon; plan d; pin d#0; round soon; plan e; pin e#0; round soon; dispatch 1: a#0; dispatch 2: b#0; dispatch 1: c#0; dispatch 2: d#0; timer look 250',
  ],
  [
    'the last tasks wait for the thread that is free first',
    (s) => s.run('a b c'),
    (s) => s.answer(2),
    'release b#0; settle b done; round now; dispatch 2: c#0',
  ],
  [
    'a task runs where its state is',
    nothing,
    (s) => s.run('a b', { pinned: 2 }),
    'plan a; pin a#0; round soon; plan b; pin b#0; round soon; dispatch 2: a#0; dispatch 2: b#0; timer look 250',
  ],
  [
    'a task whose state is in a dead thread runs anywhere',
    (s) => s.lose(2),
    (s) => s.run('a', { pinned: 2 }),
    'plan a; pin a#0; round soon; dispatch 1: a#0; timer look 250',
  ],
  [
    'quick tasks go together',
    (s) => {
      s.run('a b')
      s.answer(1, 'quick')
      s.answer(2, 'quick')
    },
    (s) => s.run('c d e f'),
    'plan c; pin c#0; round soon; plan d; pin d#0; round soon; plan e; pin e#0; round soon; plan f; pin f#0; round soon; dispatch 1: c#0 d#0; dispatch 2: e#0 f#0',
  ],
  [
    'memory is short for a moment',
    (s) => {
      s.memory = 'wait'
    },
    (s) => s.run('a'),
    'plan a; pin a#0; round soon',
  ],
  [
    'memory is free again',
    (s) => {
      s.memory = 'wait'
      s.run('a')
      s.memory = undefined
    },
    (s) => [...s.post({ type: 'MemoryFreed' }), ...s.turn()],
    'round soon; dispatch 1: a#0; timer look 250',
  ],
  [
    'no memory can be freed: one task fails, then memory is looked at again',
    (s) => {
      s.memory = full
    },
    (s) => s.run('a b'),
    'plan a; pin a#0; round soon; plan b; pin b#0; round soon; release a#0; settle a memory; round soon',
  ],
  [
    'what one task held was enough',
    (s) => {
      s.memory = full
      s.run('a b')
      s.memory = undefined
    },
    (s) => s.turn(),
    'dispatch 1: b#0; timer look 250',
  ],
])

rows('a thread answers', [
  ['the task is done', busy, (s) => s.answer(1), 'release a#0; settle a done; round now'],
  [
    'two tasks of a message end in their own way',
    (s) => {
      s.run('a b')
      s.answer(1, 'quick')
      s.answer(2, 'quick')
      s.run('c d e f')
    },
    (s) => s.answer(1, 'quick', 'threw'),
    'release c#0; settle c done; release d#0; emit taskRetried; plan d; pin d#1; round soon; round now; dispatch 1: d#1',
  ],
  [
    'its code threw',
    busy,
    (s) => s.answer(1, 'threw'),
    'release a#0; emit taskRetried; plan a; pin a#1; round soon; round now; dispatch 1: a#1',
  ],
  [
    'its code threw as often as allowed',
    (s) => s.run('a', { job: s.job(1) }),
    (s) => s.answer(1, 'threw'),
    'release a#0; settle a task failed; round now',
  ],
  [
    'the thread did not run it',
    busy,
    (s) => s.answer(1, 'stale'),
    'release a#0; plan a; pin a#1; round soon; round now; dispatch 1: a#1',
  ],
  [
    'the answer cannot be decoded',
    busy,
    (s) => s.answer(1, 'unreadable'),
    'release a#0; discard 9 of 1; emit taskRetried; plan a; pin a#1; round soon; round now; dispatch 1: a#1',
  ],
  [
    'the thread does not hold the state',
    (s) => s.run('a', { pinned: 1, stateful: true }),
    (s) => s.answer(1, 'no state'),
    'release a#0; forget state; plan a; pin a#1; round soon; round now; dispatch 1: a#1',
  ],
  [
    'a block is corrupt, one of two that it reads',
    (s) => s.run('a', { blocks: [5, 6] }),
    (s) => s.answer(1, corrupt({ block: 5 })),
    'release a#0; drop block 5; plan a; pin a#1; round soon; round now; dispatch 1: a#1',
  ],
  [
    'blocks are corrupt as often as it reads blocks',
    (s) => {
      s.run('a', { blocks: [5], job: s.job(1) })
      s.answer(1, corrupt({ block: 5 }))
    },
    (s) => s.answer(1, corrupt({ block: 5 })),
    'release a#1; drop block 5; settle a task failed; round now',
  ],
  [
    'the file of a persisted partition is corrupt',
    (s) => s.run('a', { job: s.job(1) }),
    (s) => s.answer(1, corrupt({ file: 3 })),
    'release a#0; drop file 3; plan a; pin a#1; round soon; round now; dispatch 1: a#1',
  ],
  [
    'a file has changed that must be read',
    (s) => s.run('a', { sources: file(undefined) }),
    (s) => s.answer(1, changed),
    'release a#0; settle a file changed; round now',
  ],
  [
    'a file has changed, and is left out',
    (s) => s.run('a', { sources: file('now') }),
    (s) => s.answer(1, changed),
    'release a#0; plan a; pin a#1; round soon; round now; dispatch 1: a#1',
  ],
  [
    'a file has changed that another task left out before',
    (s) => s.run('a', { sources: file('before') }),
    (s) => s.answer(1, changed),
    'release a#0; plan a; pin a#1; round soon; round now; dispatch 1: a#1',
  ],
  [
    'its job has ended meanwhile, and it threw',
    (s) => ended(s),
    (s) => s.answer(1, 'threw'),
    'release a#0; settle a job cancelled; round now',
  ],
  [
    'the context was closed meanwhile, and it threw',
    (s) => {
      s.run('a')
      s.post({ type: 'Closed' })
    },
    (s) => s.answer(1, 'threw'),
    'release a#0; settle a job cancelled; round now',
  ],
  [
    'the context was closed meanwhile, and it is done',
    (s) => {
      s.run('a')
      s.post({ type: 'Closed' })
    },
    (s) => s.answer(1),
    'release a#0; settle a done; round now',
  ],
  [
    'the thread was lost before',
    (s) => {
      s.run('a')
    },
    (s) => {
      const attempts = s.sentTo(1)[0]!
      s.lose(1)
      return s.post({ type: 'TasksAnswered', thread: 1, attempts, answers: [done()], mayKeepInputs: true })
    },
    '',
  ],
])
