package millrace.bridge;

import java.nio.charset.StandardCharsets;

/** Why a Node process ended during its task: the reason of a ThreadLostError in the driver, and the exit code if there is one. */
record NodeLoss(String reason, Integer code) {
  /** Whether something else than the task ended the process, such as the kernel or an operator. */
  boolean isKill() {
    return reason.equals("terminated");
  }

  byte[] json() {
    return ("{\"reason\":\"" + reason + "\",\"code\":" + code + "}").getBytes(StandardCharsets.UTF_8);
  }
}
