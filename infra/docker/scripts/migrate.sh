# The migration gate: runs the new version's migrations to their end before any dependent is touched.
# A non-zero exit fails this resource, so the engine stops, the old version goes on serving and the next `up` tries again.
# Environment: DOCKER_HOST, IMAGE, NETWORK, VOLUME, NAME, INSTALLATION.
set -eu
owner=$(docker inspect --format '{{ index .Config.Labels "fidus.installation" }}' "$NAME" 2>/dev/null || true)
if [ "$owner" = "$INSTALLATION" ]; then
  docker rm --force "$NAME" >/dev/null
fi
exec docker run --rm --name "$NAME" --network "$NETWORK" --read-only --tmpfs /tmp \
  --cap-drop ALL --security-opt no-new-privileges --memory 512m --memory-swap 512m \
  --label "fidus.installation=$INSTALLATION" --label fidus.role=migrations --log-driver none \
  -v "$VOLUME:/run/fidus:ro" -e DATABASE_URL_FILE=/run/fidus/database_url \
  "$IMAGE" migrate
