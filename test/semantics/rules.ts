/**
 * The rules of the model, numbered as Spark's suites are sorted in docs/internals/model.md, and where each is pinned.
 * `has`: names in the test that a rewording of its title leaves alone.
 */
export interface Rule {
  readonly ids: readonly string[]
  readonly says: string
  readonly shownBy: readonly { readonly file: string; readonly has: readonly string[] }[]
  /** Why nothing here corresponds to it. */
  readonly without?: string
}

const rule = (ids: string, says: string, ...shownBy: [file: string, ...has: string[]][]): Rule => ({
  ids: ids.split(' '),
  says,
  shownBy: shownBy.map(([file, ...has]) => ({ file: `test/${file}.test.ts`, has })),
})
const without = (ids: string, says: string, reason: string): Rule => ({
  ids: ids.split(' '),
  says,
  shownBy: [],
  without: reason,
})

export const RULES: readonly Rule[] = [
  rule('C1', 'files of state checkpoints come and go', ['engine/checkpoint/store', 'gives the newest', 'keeps ten']),
  rule('C2', 'batches from the checkpoint on run again, ascending, each once', [
    'engine/checkpoint/get-or-create',
    'recovered',
  ]),
  rule(
    'C3',
    'existing output directories do not fail a batch that runs again',
    ['sinks/saving-files', 'saveAsTextFile'],
    ['ops/dstream/outputs', 'saveAsTextFiles'],
  ),
  without('C4', 'configuration of the first process', 'Options are given to each start; a checkpoint holds none'),
  rule('C5', 'files that came while the process was down', ['engine/checkpoint/get-or-create', 'textFileStream']),
  rule('C6', 'an input restores its progress once', ['engine/checkpoint/batch-log', 'files of its first run']),
  rule('C7 C8', 'names, order, number and fallbacks of checkpoint files', [
    'engine/checkpoint/store',
    'keeps ten',
    'what is damaged',
  ]),
  rule('C9', 'two states in a row', ['conformance/cases', 'modes'], ['engine/kept-state-every-batch', 'chained']),
  rule('C10', 'rates survive a restart', ['engine/checkpoint/rates', 'maxRate']),
  rule('C11', 'a slow batch keeps what it needs', ['engine/receivers', 'backpressure']),
  rule('C12', 'received blocks that no batch had', ['engine/write-ahead-log/acknowledged', 'C12']),
  rule(
    'K2 K3 K4 K5 K6',
    'received blocks and their batches in the log',
    ['engine/write-ahead-log/received-log', 'K2', 'K3', 'K4', 'K5', 'K6'],
    ['engine/write-ahead-log/recovery', 'K4'],
  ),
  rule('F1 F2 F3', 'killed processes: nothing is missing, no state is wrong, all but the first continue', [
    'process-kills/failures',
    'numbers',
    '465',
    'created',
  ]),
  rule(
    'E1 E2',
    'life of a receiver, its restarts',
    ['engine/receiver-life', 'restarts after a delay', 'waits 2 s'],
    ['sources/socket-text', 'reconnect'],
  ),
  rule(
    'E3 E5 E6',
    'records become blocks in order, none is lost at the end',
    ['engine/record-buffer', 'RecordBuffer'],
    ['engine/receiver-life', 'without blocks', 'right after the data arrived'],
    ['sources/push', 'order and number'],
  ),
  rule(
    'E4',
    'nothing is taken after a stop',
    ['engine/receiver-life', 'after it had stopped'],
    ['engine/stop-bounds', 'push'],
  ),
  rule('E7 E9', 'rates limit receivers', ['engine/backpressure', 'minRate']),
  rule('E8', 'the estimator', ['engine/pid-estimator', 'minRate'], ['conformance/cases', 'conformance']),
  rule('E10', 'many callers at once lose nothing', ['engine/receiver-life', 'many writers'], ['sources/push', 'fc.']),
  rule('E11', 'lines of a socket, one batch after the other', ['engine/receivers', 'socketTextStream']),
  rule(
    'E12',
    'blocks of a batch are its dataset, in order',
    ['engine/batch-partitions', 'partitions'],
    ['engine/receiver-life', 'in order'],
  ),
  without('E13', 'blocks with handles of the log', 'A batch that runs again reads its blocks from the log into memory'),
  rule(
    'E14',
    'records of every kind are counted and come back',
    ['engine/record-counts', 'records'],
    ['values/actions', 'collect'],
  ),
  rule(
    'E15',
    'errors of a receiver are events',
    ['engine/receiver-life', 'test report exception'],
    ['engine/bad-records', 'receiverError'],
  ),
  rule('K1', 'a batch time gets its blocks once', ['engine/first-batch', 'batch']),
  without('A1', 'classes of logs', 'There is one log; its files are on any `FileSystem`'),
  rule(
    'A2 A3 A4 A5 A6 A7 A8 A9 A10 A11',
    'the write-ahead log',
    ['engine/write-ahead-log/write-ahead-log', 'A2', 'A3', 'A4', 'A5', 'A6', 'A7', 'A9', 'A10'],
    ['engine/write-ahead-log/received-log', 'A8'],
    ['engine/write-ahead-log/recovery', 'A11'],
  ),
  rule('S1 S2', 'new files only, or old ones too', ['sources/text-files', 'S1, S2']),
  rule('S3', 'wildcards', ['sources/text-files', 'S3:']),
  rule('S4', 'renamed directories', ['sources/text-files', 'S4:']),
  rule(
    'S5',
    'binary records of one length',
    ['formats/file-formats', 'binaryRecords'],
    ['formats/binary-records', 'slices'],
  ),
  rule('S6', 'which batch takes a file', ['sources/text-files', 'S6:']),
  rule('S7', 'a clock from 0', ['sources/text-files', 'S7:']),
  rule('S8 S9', 'names of saved batches; what print shows', ['ops/dstream/outputs', 'saveAsTextFiles', 'print']),
  rule('N1 N2', 'events of batches and their outputs', ['engine/lifecycle', 'batchSubmitted', 'batchCompleted']),
  rule('N3', 'a failing output does not keep the others', ['engine/lifecycle', 'two failing outputs']),
  rule('N4', 'no event after the stop', ['semantics/listeners', 'N4:']),
  without('N5', 'listeners named in the configuration', '`on` adds listeners; an option would name modules'),
  without('N6', 'tags of jobs', 'Errors and events name batch and operation instead'),
  rule('N7', 'records by input and batch', ['semantics/listeners', 'N7:']),
  rule('N8', 'one batch, one output at a time', ['semantics/listeners', 'N8:']),
  rule(
    'U1',
    'the page is there while streams run',
    ['ui/requests', 'gone after stop()'],
    ['ui/page', 'a stop is shown'],
  ),
  rule('U2', 'figures, timelines and tables of batches', ['ui/page', 'panels of the first page', 'Completed batches']),
  rule(
    'U3',
    'a batch with its outputs, jobs, stages and error',
    ['ui/page', 'shows its error', 'Output operations'],
    ['ui/requests', 'a batch has its jobs'],
  ),
  rule('U4', 'requests of batches that cannot be answered', ['ui/requests', 'time is missing', 'does not exist']),
  rule(
    'U5',
    'counts of what was received and processed',
    ['engine/record-counts', 'known at the cut'],
    ['metrics/prometheus', 'count batches, records'],
  ),
  rule('U6', 'a thousand batches are kept', ['ui/history', '1,000 batches', 'jobs without bound']),
  rule('U7', 'units of durations, forms of moments', ['ui/format', 'U7']),
  rule('U8', 'jobs and stages name batch and operation', [
    'engine/listeners',
    'name the batch and the output operation',
    'stage',
  ]),
  rule('U9', 'names of metrics', ['metrics/prometheus', 'every metric'], ['metrics/dashboards', 'lists every metric']),
  rule(
    'X1',
    'functions are checked by the call that gets them',
    ['ops/promises-and-generators', 'async'],
    ['ops/functions/nested', 'transform'],
  ),
  rule('O1', 'an inverse window that is shorter than its slide', ['semantics/stream-matrix', 'WINDOW_ROWS']),
  rule('O2', 'samples are repeatable', ['ops/rdd/sample', 'seed']),
  rule('O3', 'order after a shuffle is no promise', ['semantics/dataset-matrix', 'bag']),
  without('O4', 'transforms that block', 'A later version of Spark withdrew it'),
]
