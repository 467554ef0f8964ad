package millrace.bridge;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * The Node processes of this executor, at most one for each running task. Node cannot fork, so a daemon between the executor and its
 * processes, as PySpark has one, would save nothing.
 */
final class NodePool {
  /** Programs, or broadcast variables, of one process. */
  private static final int MOST = 1024;
  private static final ConcurrentLinkedDeque<NodeProcess> IDLE = new ConcurrentLinkedDeque<>();
  private static final Set<NodeProcess> ALL = ConcurrentHashMap.newKeySet();
  private static int ended;

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> ALL.forEach(NodeProcess::kill)));
  }

  private NodePool() {}

  /** Takes an idle process, if there is one that holds any of the given states. `wanted`: last snapshots by the names of states. */
  static NodeProcess borrow(Map<String, String> wanted) throws IOException {
    for (NodeProcess each : IDLE) {
      boolean isHot = wanted.entrySet().stream().anyMatch(state -> state.getValue().equals(each.states.get(state.getKey())));
      // Another task may have taken it meanwhile.
      if (isHot && each.isAlive() && IDLE.remove(each)) return each;
    }
    for (NodeProcess idle; (idle = IDLE.pollFirst()) != null; ) {
      if (idle.isAlive()) return idle;
      discard(idle);
    }
    NodeProcess fresh = new NodeProcess();
    changed(() -> ALL.add(fresh));
    fresh.onExit(() -> changed(() -> {
      ALL.remove(fresh);
      ended++;
    }));
    return fresh;
  }

  private static synchronized void changed(Runnable change) {
    change.run();
    NodeCounts.send(new NodeCounts.Counts(ALL.size(), ended));
  }

  static void giveBack(NodeProcess process) {
    // A process keeps all that it has been sent. A new one starts without.
    if (process.programs.size() > MOST || process.broadcasts.size() > MOST) discard(process);
    else IDLE.addFirst(process);
  }

  /** Ends a process that is dead, or whose state is not known because its task was interrupted. */
  static void discard(NodeProcess process) {
    process.kill();
    process.heartbeats.close();
  }
}
