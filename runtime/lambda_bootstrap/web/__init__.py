"""Results that are sent while they are made, and HTTP. Opened for a result that is a stream, and by `HttpResponse`."""
