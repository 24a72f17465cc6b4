"""One call over the network: requests, responses, attempts, retry rules, the rate limit, secrets and transports."""
