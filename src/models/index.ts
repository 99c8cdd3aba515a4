// The one switch over providers. Each stands in a file of its own, loaded only when it is asked for.
import { unreachable } from '../errors.ts';
import type { Model, ModelChoice, Surroundings } from '../world.ts';

/** Contract: finds out what is missing (a key, a file) before anything is sent; throws MODEL_NO_KEY or another mistake. */
export async function makeModel(choice: ModelChoice, surroundings: Surroundings): Promise<Model> {
  const { provider } = choice.settings;
  switch (provider) {
    case 'openai':
      return (await import('./openai.ts')).openaiModel(choice, surroundings);
    case 'anthropic':
      return (await import('./anthropic.ts')).anthropicModel(choice, surroundings);
    case 'claude':
    case 'codex':
    case 'gemini':
      return (await import('./agents.ts')).agentModel(provider, choice, surroundings);
    case 'paste':
      return (await import('./paste.ts')).pasteModel(choice, surroundings);
    case 'scripted':
      return (await import('./scripted.ts')).scriptedModel(choice, surroundings);
    default:
      return unreachable(provider);
  }
}
