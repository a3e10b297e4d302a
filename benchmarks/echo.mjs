// The same function under AWS's runtime for Node.
export const handler = async (event) => event;
