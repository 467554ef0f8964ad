// A ZeroMQ peer in a process of its own.
//
//   node zeromq-peer.mjs push|xpub|pull|sub bind|connect ADDRESS '{ "count": 100, ... }'
//
// It prints `at ADDRESS` when its socket is open. push and xpub send numbers, and print `sent N` at the end and each 1,000
// messages; xpub waits for its first subscription. pull and sub print each message as a list of frames in JSON.
import * as zmq from 'zeromq'

const [, , type, how, address, json = '{}'] = process.argv
const { count = Infinity, bytes = 0, topics = [], curve = {}, highWaterMark = 1000 } = JSON.parse(json)
const body = (n) => `${n} `.padEnd(bytes, 'x').trimEnd()

const sending = { sendHighWaterMark: highWaterMark, linger: 20_000, immediate: true, ...curve }
const sockets = {
  push: () => new zmq.Push(sending),
  xpub: () => new zmq.XPublisher({ ...sending, verbosity: 'allSubs' }),
  pull: () => new zmq.Pull(curve),
  sub: () => new zmq.Subscriber(curve),
}
const socket = sockets[type]()
if (type === 'sub') socket.subscribe(...(topics.length > 0 ? topics : ['']))
if (how === 'bind') await socket.bind(address)
else socket.connect(address)
console.log(`at ${socket.lastEndpoint}`)

if (type === 'push' || type === 'xpub') {
  if (type === 'xpub') for (let i = 0; i < Math.max(1, topics.length); i++) await socket.receive()
  let n = 0
  for (; n < count; n++) {
    await socket.send(topics.length > 0 ? [topics[n % topics.length], body(n)] : body(n))
    if (n % 1000 === 999) console.log(`sent ${n + 1}`)
  }
  console.log(`sent ${n}`)
} else {
  for (let n = 0; n < count; n++) console.log(JSON.stringify((await socket.receive()).map(String)))
}
socket.close()
