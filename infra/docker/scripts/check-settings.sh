# Lets the image read its settings: plain ones as NAME=VALUE lines on stdin, secret ones from the files volume.
# Environment: DOCKER_HOST, IMAGE, VOLUME, NAME, INSTALLATION, FILES.
set -eu
owner=$(docker inspect --format '{{ index .Config.Labels "fidus.installation" }}' "$NAME" 2>/dev/null || true)
if [ "$owner" = "$INSTALLATION" ]; then
  docker rm --force "$NAME" >/dev/null
fi
set --
while IFS= read -r setting || [ -n "$setting" ]; do set -- "$@" --env "$setting"; done
exec docker run --rm --name "$NAME" --network none --read-only --tmpfs /tmp \
  --cap-drop ALL --security-opt no-new-privileges --memory 256m --memory-swap 256m \
  --label "fidus.installation=$INSTALLATION" --label fidus.role=settings --log-driver none \
  -v "$VOLUME:/run/fidus:ro" "$@" "$IMAGE" check
