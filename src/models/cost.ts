// What tokens cost and how many a model takes, from a package that keeps both, unless the runbook says it. The only importer of
// @pydantic/genai-prices.
import { calcPrice } from '@pydantic/genai-prices';
import type { ModelSettings } from '../runbook/task.ts';
import type { Model } from '../world.ts';

/** By the server that is asked: the same name costs something else elsewhere, and at home nothing that is known. */
export function pricing(settings: ModelSettings, model: string, url: string): Pick<Model, 'price' | 'contextWindow'> {
  const at = { providerApiUrl: url };
  const own = settings.price;
  return {
    contextWindow: settings.contextWindow ?? calcPrice({ input_tokens: 0 }, model, at)?.model.context_window,
    price(inputTokens, outputTokens) {
      if (own) return rounded((inputTokens * own.input + outputTokens * own.output) / 1e6);
      const found = calcPrice({ input_tokens: inputTokens, output_tokens: outputTokens }, model, at);
      return found ? rounded(found.total_price) : undefined;
    },
  };
}

/** To a billionth: what is beyond that is the noise of binary fractions, and would stand in the person's YAML. */
function rounded(dollars: number): number {
  return Math.round(dollars * 1e9) / 1e9;
}
