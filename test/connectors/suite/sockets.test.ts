import { row } from './rows/sockets.js'
import { runSuite } from './suite.js'

runSuite(row)
