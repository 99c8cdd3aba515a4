// What was typed before there was a question.

/** Keys pressed while something else went on were not meant for a question that nobody had seen. */
export async function forgetTypedAhead(): Promise<void> {
  const { stdin } = process;
  if (!stdin.isTTY) return;
  stdin.setRawMode(true);
  const drop = () => {};
  stdin.on('data', drop);
  stdin.resume();
  await new Promise((resolve) => setTimeout(resolve, 5));
  stdin.off('data', drop);
  stdin.pause();
  stdin.setRawMode(false);
}
