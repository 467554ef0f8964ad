import { row } from './rows/files.js'
import { runSuite } from './suite.js'

runSuite(row)
