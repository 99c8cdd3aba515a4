// What tokens cost, from a package that keeps the prices. The only importer of @pydantic/genai-prices.
import { calcPrice } from '@pydantic/genai-prices';

/** US dollars, or undefined if the price of that model is not known. */
export function priceOf(
  provider: string,
  model: string,
  inputTokens: number,
  outputTokens: number,
): number | undefined {
  const found = calcPrice({ input_tokens: inputTokens, output_tokens: outputTokens }, model, { providerId: provider });
  // To a billionth: what is beyond that is the noise of binary fractions, and would stand in the person's YAML.
  return found ? Math.round(found.total_price * 1e9) / 1e9 : undefined;
}
