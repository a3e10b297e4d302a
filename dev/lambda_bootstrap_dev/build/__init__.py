"""
From any repository to what Lambda takes: a zip, a layer, a runtime's image.

`project` knows what the repository is, `lock` which versions it has settled on, `wheels` gets them for the target,
`code` what of the function's folder goes in, `interpreter` where our Python comes from; `package` joins them, and
`archive` writes them; `image` has the container engine build a runtime's.
"""
